import { parseP256Certificate, parseP256RevocationList } from '../src/x509/p256-certificate.ts';
import assert from 'node:assert/strict';
import { toHex } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import { vectors } from '@enclos/testkit';
import {
  INTEL_SGX_ROOT,
  parseCollateral,
  softwareRoot,
  splitSignedBody,
  verifyQuote,
  type QuoteCollateral,
} from '../src/index.ts';
import { verifyQuoteSync } from '../src/node.ts';
import { verifyRevocationList } from '../src/x509/revocation.ts';
import { runAsync } from '../src/crypto/web-crypto.ts';
import { collateralOf, quoteOf, readJson, readText, sgxRows } from './intel-vectors.ts';

const roots = [INTEL_SGX_ROOT];

interface Expected {
  readonly expect: string;
  readonly at: string;
  readonly advisoryIds?: readonly string[];
  readonly tcbDate?: string;
}

vectors.test('the curated cases verify as expected', async () => {
  const names = vectors.list('dcap/vectors').filter((name) => name !== 'INDEX.tsv');
  assert.equal(names.length, 15);
  for (const name of names) {
    const expected = readJson<Expected>(`dcap/vectors/${name}/expected.json`);
    const endorsements = parseCollateral(readText(`dcap/vectors/${name}/collateral.json`));
    const quote = vectors.read(`dcap/vectors/${name}/quote.bin`);
    const verdict = await verifyQuote(quote, endorsements, { roots, now: new Date(expected.at) });
    const sync = verifyQuoteSync(quote, endorsements, { roots, now: new Date(expected.at) });
    assert.deepEqual({ ...sync }, { ...verdict }, name);
    assert.equal(verdict.status, expected.expect, name);
    assert.deepEqual(verdict.advisoryIds, expected.advisoryIds ?? [], name);
    assert.equal(verdict.tcbDate, expected.tcbDate, name);
    assert.deepEqual(verdict.collateral.expired, [], name);
  }
});

vectors.test('TDX collateral for an SGX quote is a mismatch', async () => {
  const quote = vectors.read('dcap/vectors/sgx-v3-swhardening/quote.bin');
  const sgx = readJson<QuoteCollateral>('dcap/vectors/sgx-v3-swhardening/collateral.json');
  const { tcb_info, tcb_info_signature, qe_identity, qe_identity_signature } = readJson<QuoteCollateral>(
    'dcap/vectors/tdx-v4-uptodate/collateral.json',
  );
  for (const [mixed, status] of [
    [{ ...sgx, tcb_info, tcb_info_signature }, 'TCB_INFO_MISMATCH'],
    [{ ...sgx, qe_identity, qe_identity_signature }, 'QE_IDENTITY_MISMATCH'],
  ] as const) {
    await assert.rejects(
      verifyQuote(quote, parseCollateral(mixed), { roots, now: new Date('2025-08-30') }),
      (error) => {
        assert.ok(isEnclosError(error, 'EVIDENCE_REFUSED'));
        assert.equal(error.details['status'], status);
        return true;
      },
    );
  }
});

function intelSample(): QuoteCollateral {
  const path = (name: string): string => `intel-qvl-sample/${name}`;
  const tcbInfo = splitSignedBody(readText(path('tcbInfo.json')), 'tcbInfo');
  const qeIdentity = splitSignedBody(readText(path('qeIdentity.json')), 'enclaveIdentity');
  const chain = readText(path('tcbSignChain.pem'));
  const signChain = readText(path('pckSignChain.pem'));
  return {
    pck_crl_issuer_chain: signChain,
    root_ca_crl: toHex(vectors.read(path('rootCaCrl.der'))),
    pck_crl: toHex(vectors.read(path('intermediateCaCrl.der'))),
    tcb_info_issuer_chain: chain,
    tcb_info: tcbInfo.body,
    tcb_info_signature: tcbInfo.signature,
    qe_identity_issuer_chain: chain,
    qe_identity: qeIdentity.body,
    qe_identity_signature: qeIdentity.signature,
    pck_certificate_chain: `${readText(path('pckCert.pem'))}\n${signChain}`,
  };
}

vectors.test('Intel’s sample verifies with its own root and its supplied chain', async () => {
  const sampleRoots = [await softwareRoot(readText('intel-qvl-sample/trustedRootCaCert.pem'))];
  const quote = vectors.read('intel-qvl-sample/quote.dat');
  const endorsements = parseCollateral(intelSample());
  const verdict = await verifyQuote(quote, endorsements, { roots: sampleRoots, now: new Date('2025-01-01') });
  assert.equal(verdict.status, 'OK');
  assert.deepEqual(verdict.collateral.expired, []);
  const later = await verifyQuote(quote, endorsements, { roots: sampleRoots, now: new Date('2026-09-06') });
  assert.deepEqual(later.collateral.expired, [
    'pckCertificate',
    'tcbSigningCertificate',
    'qeIdentitySigningCertificate',
  ]);
});

vectors.test('Intel’s sample is not trusted under Intel’s production root', async () => {
  const quote = vectors.read('intel-qvl-sample/quote.dat');
  await assert.rejects(
    verifyQuote(quote, parseCollateral(intelSample()), { roots, now: new Date('2025-01-01') }),
    (error) => {
      assert.ok(isEnclosError(error, 'EVIDENCE_REFUSED'));
      assert.deepEqual({ ...error.details }, { step: 'trusted-root', status: 'SGX_PCK_CERT_CHAIN_UNTRUSTED' });
      return true;
    },
  );
});

interface Preproduction {
  readonly rootCa: string;
  readonly rootCaCrl: string;
}

vectors.test('pre-production collateral under the same names is refused', async () => {
  const { rootCa, rootCaCrl } = readJson<Preproduction>('negative/migtd-preproduction-collaterals.json');
  const [row] = sgxRows();
  assert.ok(row !== undefined);
  const good = collateralOf(row);
  const [signer = ''] = good.tcb_info_issuer_chain.split(/(?<=END CERTIFICATE-----\n)/);
  const now = new Date(row.at);
  const mixtures = [
    [{ ...good, root_ca_crl: crlHex(rootCaCrl) }, 'SGX_CRL_INVALID_EXTENSIONS'],
    [{ ...good, tcb_info_issuer_chain: signer + rootCa }, 'SGX_TCB_SIGNING_CERT_INVALID_ISSUER'],
  ] as const;
  for (const [mixed, status] of mixtures) {
    await assert.rejects(verifyQuote(quoteOf(row), parseCollateral(mixed), { roots, now }), (error) => {
      assert.ok(isEnclosError(error, 'EVIDENCE_REFUSED'));
      assert.equal(error.details['status'], status);
      return true;
    });
  }
  const root = parseP256Certificate(vectors.read('dcap/certs/intel-sgx-root-ca.der'));
  const crl = parseP256RevocationList(new Uint8Array(Buffer.from(crlHex(rootCaCrl), 'hex')));
  const renamed = {
    ...crl,
    extensions: parseP256RevocationList(vectors.read(`dcap/crl/${row.rootCrl}.der`)).extensions,
  };
  await assert.rejects(runAsync(verifyRevocationList(renamed, root, 'root-crl'), crypto.subtle), (error) => {
    assert.ok(isEnclosError(error, 'EVIDENCE_REFUSED'));
    assert.equal(error.details['status'], 'SGX_CRL_INVALID_SIGNATURE');
    return true;
  });
});

/** The file has PEM, hex or base64; the verifier takes hex. */
function crlHex(text: string): string {
  if (/^[0-9a-f]+$/i.test(text)) return text;
  return Buffer.from(text.replaceAll(/-----[^-]+-----|\s/g, ''), 'base64').toString('hex');
}

vectors.test('every flipped bit of a real quote, sampled over all its bytes, is refused', async () => {
  const [row] = sgxRows();
  assert.ok(row !== undefined);
  const quote = quoteOf(row);
  const endorsements = parseCollateral(collateralOf(row));
  const now = new Date(row.at);
  for (let at = 0; at < quote.length; at += 3) {
    const changed = quote.slice();
    changed[at] = (changed[at] ?? 0) ^ (1 << (at % 8));
    await assert.rejects(
      verifyQuote(changed, endorsements, { roots, now }),
      (error) => isEnclosError(error, 'EVIDENCE_REFUSED'),
      `byte ${at}`,
    );
  }
});

vectors.test('every flipped bit of real collateral, sampled over all its bytes, is refused', async () => {
  const [row] = sgxRows();
  assert.ok(row !== undefined);
  const quote = quoteOf(row);
  const good = collateralOf(row);
  const now = new Date(row.at);
  const fields = [
    'root_ca_crl',
    'pck_crl',
    'tcb_info_issuer_chain',
    'tcb_info',
    'tcb_info_signature',
    'qe_identity',
    'qe_identity_signature',
  ] as const;
  for (const field of fields) {
    for (let at = 0; at < good[field].length; at += 11) {
      const flipped = String.fromCharCode(good[field].charCodeAt(at) ^ 1);
      const changed = { ...good, [field]: good[field].slice(0, at) + flipped + good[field].slice(at + 1) };
      const attempt = async (): Promise<unknown> => verifyQuote(quote, parseCollateral(changed), { roots, now });
      await assert.rejects(
        attempt,
        (error) => isEnclosError(error, 'EVIDENCE_REFUSED') || isEnclosError(error, 'ENDORSEMENTS_INVALID'),
        `${field} at ${at}`,
      );
    }
  }
});
