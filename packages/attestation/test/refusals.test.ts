import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isEnclosError } from '@enclos/errors';
import { concatBytes, fromHex } from '@enclos/codec';
import { parseCollateral, verifyQuote } from '../src/index.ts';
import type { RefusalStatus } from '../src/refusal.ts';
import { parseSgxExtension } from '../src/sgx-extension.ts';
import { createSignatures } from '../src/signatures.ts';
import { verifySigningChain } from '../src/signing-chain.ts';
import type { StepId } from '../src/steps.ts';
import { boolean, integer } from './der-writer.ts';
import {
  authorityKeyIdentifier,
  basicConstraints,
  crlNumber,
  keyUsage,
  standardExtensions,
  type ExtensionSpec,
} from './synthetic-pki.ts';
import { goodReport, keys, makePlatform, now, sgxExtension, type Changes } from './synthetic-platform.ts';

async function verify(changes: Changes): Promise<unknown> {
  const { quote, collateral, roots } = await makePlatform(changes);
  return verifyQuote(quote, parseCollateral(collateral), { roots, now });
}

/** The extensions of an authority, one replaced; without a value, left out. */
function authority(id: string, replacement?: ExtensionSpec): readonly ExtensionSpec[] {
  return replace({ pathLength: 0 }, id, replacement);
}

function leaf(id: string, replacement?: ExtensionSpec): readonly ExtensionSpec[] {
  return replace({}, id, replacement);
}

function replace(
  options: { readonly pathLength?: number },
  id: string,
  replacement?: ExtensionSpec,
): readonly ExtensionSpec[] {
  const { point } = keys.root;
  const standard = standardExtensions({ point, issuerPoint: point, ...options });
  return standard.flatMap((extension) =>
    extension.id !== id ? [extension] : replacement === undefined ? [] : [replacement],
  );
}

const ids = {
  keyUsage: '2.5.29.15',
  basicConstraints: '2.5.29.19',
  authorityKey: '2.5.29.35',
  subjectKey: '2.5.29.14',
  crlPoints: '2.5.29.31',
};
const other = keys.other;
const flip = (bytes: Uint8Array, at = 0): Uint8Array => bytes.map((byte, index) => (index === at ? byte ^ 1 : byte));

type Case = readonly [what: string, step: StepId, status: RefusalStatus, changes: Changes];

const cases: readonly Case[] = [
  [
    'another QE vendor',
    'quote-format',
    'UNSUPPORTED_QUOTE_FORMAT',
    { quote: (good) => ({ ...good, qeVendorId: new Uint8Array(16) }) },
  ],
  [
    'certification data of type 6',
    'quote-format',
    'UNSUPPORTED_QUOTE_FORMAT',
    { quote: (good) => ({ ...good, signature: { ...good.signature, certificationDataType: 6 } }) },
  ],
  [
    'certification data of type 0',
    'quote-format',
    'UNSUPPORTED_QUOTE_FORMAT',
    { quote: (good) => ({ ...good, signature: { ...good.signature, certificationDataType: 0 } }) },
  ],
  [
    'no PCK chain at all',
    'quote-format',
    'MISSING_PARAMETERS',
    { quote: (good) => ({ ...good, signature: { ...good.signature, certificationDataType: 1 } }) },
  ],
  [
    'a chain that is no PEM',
    'quote-format',
    'UNSUPPORTED_CERT_FORMAT',
    { quote: (good) => ({ ...good, signature: { ...good.signature, certificationData: fromHex('ff00') } }) },
  ],
  ['a chain of two', 'pck-chain-shape', 'UNSUPPORTED_CERT_FORMAT', { pckChain: (good) => good.slice(0, 2) }],
  [
    'a chain of four',
    'pck-chain-shape',
    'UNSUPPORTED_CERT_FORMAT',
    { pckChain: (good) => [...good, ...good.slice(2)] },
  ],
  ['a chain in another order', 'pck-chain-shape', 'SGX_ROOT_CA_MISSING', { pckChain: (good) => good.toReversed() }],
  [
    'a root of another name',
    'pck-chain-shape',
    'SGX_ROOT_CA_MISSING',
    { root: { commonName: 'Root', issuerName: 'Root' } },
  ],
  [
    'a root that names another issuer',
    'pck-chain-shape',
    'SGX_ROOT_CA_MISSING',
    { root: { issuerName: 'Test SGX Root CA 2' } },
  ],
  [
    'a PCK CA of another name',
    'pck-chain-shape',
    'SGX_INTERMEDIATE_CA_MISSING',
    { intermediate: { commonName: 'Test' } },
  ],
  ['a PCK certificate of another name', 'pck-chain-shape', 'SGX_PCK_MISSING', { pck: { commonName: 'Test' } }],
  [
    'a root that is no authority',
    'root-certificate',
    'SGX_ROOT_CA_INVALID_EXTENSIONS',
    { root: { extensions: leaf('') } },
  ],
  [
    'a root that allows no PCK CA',
    'root-certificate',
    'SGX_ROOT_CA_INVALID_EXTENSIONS',
    { root: { extensions: authority('') } },
  ],
  ['a root signed by another key', 'root-certificate', 'SGX_ROOT_CA_INVALID_ISSUER', { root: { issuerKey: other } }],
  [
    'a PCK CA that is no authority',
    'intermediate-certificate',
    'SGX_INTERMEDIATE_CA_INVALID_EXTENSIONS',
    { intermediate: { extensions: leaf('') } },
  ],
  [
    'a PCK CA that may not sign CRLs',
    'intermediate-certificate',
    'SGX_INTERMEDIATE_CA_INVALID_EXTENSIONS',
    { intermediate: { extensions: authority(ids.keyUsage, keyUsage('0204')) } },
  ],
  [
    'a PCK CA that may not sign certificates',
    'intermediate-certificate',
    'SGX_INTERMEDIATE_CA_INVALID_EXTENSIONS',
    { intermediate: { extensions: authority(ids.keyUsage, keyUsage('0102')) } },
  ],
  [
    'a PCK CA with a key usage that is not canonical',
    'intermediate-certificate',
    'SGX_INTERMEDIATE_CA_INVALID_EXTENSIONS',
    { intermediate: { extensions: authority(ids.keyUsage, keyUsage('0006')) } },
  ],
  ...Object.entries(ids).map(([name, id]): Case => [
    `a PCK CA without ${name}`,
    'intermediate-certificate',
    'SGX_INTERMEDIATE_CA_INVALID_EXTENSIONS',
    { intermediate: { extensions: authority(id) } },
  ]),
  [
    'a PCK CA signed by another key',
    'intermediate-certificate',
    'SGX_INTERMEDIATE_CA_INVALID_ISSUER',
    { intermediate: { issuerKey: other } },
  ],
  [
    'a PCK CA that names another issuer',
    'intermediate-certificate',
    'SGX_INTERMEDIATE_CA_INVALID_ISSUER',
    { intermediate: { issuerName: 'Test SGX Root CA 2' } },
  ],
  [
    'a PCK certificate that is an authority',
    'pck-certificate',
    'SGX_PCK_INVALID_EXTENSIONS',
    { pck: { extensions: authority('') } },
  ],
  [
    'a PCK certificate that may sign certificates',
    'pck-certificate',
    'SGX_PCK_INVALID_EXTENSIONS',
    { pck: { extensions: leaf(ids.keyUsage, keyUsage('0284')) } },
  ],
  [
    'a path length without authority',
    'pck-certificate',
    'SGX_PCK_INVALID_EXTENSIONS',
    { pck: { extensions: leaf(ids.basicConstraints, basicConstraints([integer(0)])) } },
  ],
  [
    'a default that is spelled out',
    'pck-certificate',
    'SGX_PCK_INVALID_EXTENSIONS',
    { pck: { extensions: leaf(ids.basicConstraints, basicConstraints([boolean(false)])) } },
  ],
  [
    'a PCK certificate that may not sign',
    'pck-certificate',
    'SGX_PCK_INVALID_EXTENSIONS',
    { pck: { extensions: leaf(ids.keyUsage, keyUsage('0640')) } },
  ],
  [
    'a PCK certificate without the SGX extension',
    'pck-certificate',
    'SGX_PCK_INVALID_EXTENSIONS',
    { pck: { extensions: leaf('') } },
  ],
  [
    'an SGX extension with a byte after it',
    'pck-certificate',
    'SGX_PCK_INVALID_EXTENSIONS',
    { sgxExtension: (good) => concatBytes(good, Uint8Array.of(0)) },
  ],
  [
    'a PCK certificate signed by another key',
    'pck-certificate',
    'SGX_PCK_INVALID_ISSUER',
    { pck: { issuerKey: other } },
  ],
  [
    'a PCK certificate that names another issuer',
    'pck-certificate',
    'SGX_PCK_INVALID_ISSUER',
    { pck: { issuerName: 'Another CA' } },
  ],
  ['a root CRL of another name', 'root-crl', 'SGX_CRL_UNKNOWN_ISSUER', { rootCrl: { issuerName: 'Another CA' } }],
  ['a root CRL signed by another key', 'root-crl', 'SGX_CRL_INVALID_SIGNATURE', { rootCrl: { issuerKey: other } }],
  [
    'a root CRL without a number',
    'root-crl',
    'SGX_CRL_INVALID_EXTENSIONS',
    { rootCrl: { extensions: [authorityKeyIdentifier(keys.root.point)] } },
  ],
  [
    'a root CRL without a key identifier',
    'root-crl',
    'SGX_CRL_INVALID_EXTENSIONS',
    { rootCrl: { extensions: [crlNumber] } },
  ],
  [
    'a root CRL of another key identifier',
    'root-crl',
    'SGX_CRL_INVALID_EXTENSIONS',
    { rootCrl: { extensions: [crlNumber, authorityKeyIdentifier(other.point)] } },
  ],
  [
    'a PCK CRL of another name',
    'pck-crl',
    'SGX_CRL_UNKNOWN_ISSUER',
    { pckCrl: { issuerName: 'Test SGX PCK Processor CA' } },
  ],
  ['a PCK CRL signed by another key', 'pck-crl', 'SGX_CRL_INVALID_SIGNATURE', { pckCrl: { issuerKey: other } }],
  [
    'a PCK CRL without a number',
    'pck-crl',
    'SGX_CRL_INVALID_EXTENSIONS',
    { pckCrl: { extensions: [authorityKeyIdentifier(keys.intermediate.point)] } },
  ],
  [
    'swapped CRLs',
    'root-crl',
    'SGX_CRL_UNKNOWN_ISSUER',
    { collateral: (good) => ({ ...good, root_ca_crl: good.pck_crl, pck_crl: good.root_ca_crl }) },
  ],
  ['a revoked PCK CA', 'intermediate-revocation', 'SGX_INTERMEDIATE_CA_REVOKED', { rootCrl: { revoked: [2] } }],
  ['a revoked PCK certificate', 'pck-revocation', 'SGX_PCK_REVOKED', { pckCrl: { revoked: [9, 3] } }],
  [
    'a signing chain of one',
    'tcb-signing-chain',
    'UNSUPPORTED_CERT_FORMAT',
    { signingChain: (good) => good.slice(0, 1) },
  ],
  [
    'a signing chain of three',
    'tcb-signing-chain',
    'UNSUPPORTED_CERT_FORMAT',
    { signingChain: (good) => [...good, ...good.slice(1)] },
  ],
  [
    'a signing chain in another order',
    'tcb-signing-chain',
    'SGX_ROOT_CA_MISSING',
    { signingChain: (good) => good.toReversed() },
  ],
  [
    'a signing certificate of another name',
    'tcb-signing-chain',
    'SGX_TCB_SIGNING_CERT_MISSING',
    { signer: { commonName: 'Test' } },
  ],
  [
    'a signing certificate that is an authority',
    'tcb-signing-chain',
    'SGX_TCB_SIGNING_CERT_INVALID_EXTENSIONS',
    { signer: { extensions: authority('') } },
  ],
  [
    'a signing certificate signed by another key',
    'tcb-signing-chain',
    'SGX_TCB_SIGNING_CERT_INVALID_ISSUER',
    { signer: { issuerKey: other } },
  ],
  [
    'a signing certificate that names another issuer',
    'tcb-signing-chain',
    'SGX_TCB_SIGNING_CERT_INVALID_ISSUER',
    { signer: { issuerName: 'Another CA' } },
  ],
  ['a revoked signing certificate', 'tcb-signing-chain', 'SGX_TCB_SIGNING_CERT_REVOKED', { rootCrl: { revoked: [4] } }],
  ['TCB info signed by another key', 'tcb-info-signature', 'TCB_INFO_INVALID_SIGNATURE', { signer: { key: other } }],
  [
    'a changed TCB info',
    'tcb-info-signature',
    'TCB_INFO_INVALID_SIGNATURE',
    { collateral: (good) => ({ ...good, tcb_info: good.tcb_info.replace('"OutOfDate"', '"UpToDate"') }) },
  ],
  [
    'TCB info with other white space',
    'tcb-info-signature',
    'TCB_INFO_INVALID_SIGNATURE',
    { collateral: (good) => ({ ...good, tcb_info: `${good.tcb_info} ` }) },
  ],
  [
    'a changed QE identity',
    'qe-identity-signature',
    'SGX_ENCLAVE_IDENTITY_INVALID_SIGNATURE',
    { collateral: (good) => ({ ...good, qe_identity: good.qe_identity.replace('"OutOfDate"', '"UpToDate"') }) },
  ],
  [
    'TCB info of TDX',
    'tcb-info-match',
    'TCB_INFO_MISMATCH',
    { tcbInfo: (good) => ({ ...good, id: 'TDX', tcbLevels: [tdxLevel] }) },
  ],
  [
    'TCB info of another FMSPC',
    'tcb-info-match',
    'TCB_INFO_MISMATCH',
    { tcbInfo: (good) => ({ ...good, fmspc: '00A0B0C0D0E1' }) },
  ],
  [
    'TCB info of another PCEID',
    'tcb-info-match',
    'TCB_INFO_MISMATCH',
    { tcbInfo: (good) => ({ ...good, pceId: '0001' }) },
  ],
  ['a QE report signed by another key', 'qe-report-signature', 'INVALID_QE_REPORT_SIGNATURE', { pck: { key: other } }],
  [
    'a changed QE report signature',
    'qe-report-signature',
    'INVALID_QE_REPORT_SIGNATURE',
    {
      quote: (good) => ({
        ...good,
        signature: { ...good.signature, qeReportSignature: flip(good.signature.qeReportSignature) },
      }),
    },
  ],
  [
    'other QE authentication data',
    'qe-report-binding',
    'INVALID_QE_REPORT_DATA',
    { quote: (good) => ({ ...good, signature: { ...good.signature, qeAuthData: new Uint8Array() } }) },
  ],
  [
    'another attestation key',
    'qe-report-binding',
    'INVALID_QE_REPORT_DATA',
    { quote: (good) => ({ ...good, signature: { ...good.signature, attestationKey: other.point } }) },
  ],
  [
    'the identity of another enclave',
    'qe-identity-match',
    'QE_IDENTITY_MISMATCH',
    { qeIdentity: (good) => ({ ...good, id: 'TD_QE' }) },
  ],
  ['a QE of another MISCSELECT', 'qe-identity-match', 'QE_IDENTITY_MISMATCH', { qeReport: { miscSelect: 1 } }],
  [
    'a QE of other ATTRIBUTES',
    'qe-identity-match',
    'QE_IDENTITY_MISMATCH',
    { qeReport: { attributes: { flags: 0x17n, xfrm: 3n } } },
  ],
  [
    'an identity with attributes outside its mask',
    'qe-identity-match',
    'QE_IDENTITY_MISMATCH',
    { qeIdentity: (good) => ({ ...good, attributesMask: '00'.repeat(16) }) },
  ],
  [
    'a QE of another MRSIGNER',
    'qe-identity-match',
    'QE_IDENTITY_MISMATCH',
    { qeReport: { mrSigner: new Uint8Array(32) } },
  ],
  ['a QE of another ISVPRODID', 'qe-identity-match', 'QE_IDENTITY_MISMATCH', { qeReport: { isvProdId: 2 } }],
  [
    'a changed report',
    'quote-signature',
    'INVALID_QUOTE_SIGNATURE',
    { quote: (good) => ({ ...good, reportBody: { ...goodReport, isvSvn: 9 } }) },
  ],
  [
    'a changed header',
    'quote-signature',
    'INVALID_QUOTE_SIGNATURE',
    { quote: (good) => ({ ...good, userData: flip(good.userData) }) },
  ],
  [
    'a changed quote signature',
    'quote-signature',
    'INVALID_QUOTE_SIGNATURE',
    {
      quote: (good) => ({
        ...good,
        signature: { ...good.signature, isvSignature: flip(good.signature.isvSignature, 40) },
      }),
    },
  ],
];

const tdxLevel = {
  tcb: { sgxtcbcomponents: Array(16).fill({ svn: 1 }), tdxtcbcomponents: Array(16).fill({ svn: 1 }), pcesvn: 1 },
  tcbDate: '2024-01-01T00:00:00Z',
  tcbStatus: 'UpToDate',
};

for (const [what, step, status, changes] of cases) {
  test(`refused: ${what}`, async () => {
    await assert.rejects(verify(changes), (error) => {
      assert.ok(isEnclosError(error, 'EVIDENCE_REFUSED'), String(error));
      assert.deepEqual({ ...error.details }, { step, status });
      assert.equal(error.kind, 'evidence');
      return true;
    });
  });
}

test('refused: a chain whose root has the trusted name but another key', async () => {
  const { quote, collateral } = await makePlatform();
  const impostor = await makePlatform({ root: { key: other, issuerKey: other }, intermediate: { issuerKey: other } });
  const { roots } = await makePlatform();
  await assert.rejects(verifyQuote(impostor.quote, parseCollateral(collateral), { roots, now }), (error) => {
    assert.ok(isEnclosError(error, 'EVIDENCE_REFUSED'));
    assert.deepEqual({ ...error.details }, { step: 'trusted-root', status: 'SGX_PCK_CERT_CHAIN_UNTRUSTED' });
    return true;
  });
  await verifyQuote(quote, parseCollateral(collateral), { roots, now });
});

test('refused: a QE identity under a chain of another root', async () => {
  const { quote, collateral, roots } = await makePlatform();
  const impostor = await makePlatform({
    root: { key: other, issuerKey: other, extensions: rootExtensions() },
    signer: { issuerKey: other },
  });
  const mixed = { ...collateral, qe_identity_issuer_chain: impostor.collateral.qe_identity_issuer_chain };
  await assert.rejects(verifyQuote(quote, parseCollateral(mixed), { roots, now }), (error) => {
    assert.ok(isEnclosError(error, 'EVIDENCE_REFUSED'));
    assert.deepEqual({ ...error.details }, { step: 'qe-identity-signing-chain', status: 'SGX_CRL_INVALID_SIGNATURE' });
    return true;
  });
});

test('refused: a signing chain whose root is not the trusted one, even when it signed the root CRL', async () => {
  // No chain gets here, because a CRL has one signer; the rule stands on its own all the same.
  const { collateral, roots } = await makePlatform();
  const endorsements = parseCollateral(collateral);
  const [signer, root] = endorsements.tcbInfoChain;
  assert.ok(signer !== undefined && root !== undefined && roots[0] !== undefined);
  const pckChain = {
    pck: signer,
    intermediate: signer,
    root,
    trustedRoot: { ...roots[0], publicKey: other.point },
    platform: parseSgxExtension(sgxExtension()),
  };
  const options = {
    step: 'tcb-signing-chain',
    rootCrl: endorsements.rootCrl,
    pckChain,
    signatures: createSignatures(crypto.subtle),
  } as const;
  await assert.rejects(verifySigningChain(endorsements.tcbInfoChain, options), (error) => {
    assert.ok(isEnclosError(error, 'EVIDENCE_REFUSED'));
    assert.equal(error.details['status'], 'SGX_TCB_SIGNING_CERT_CHAIN_UNTRUSTED');
    return true;
  });
});

test('a renewed root certificate of the same key is the same root', async () => {
  const { quote, collateral, roots } = await makePlatform();
  const renewed = await makePlatform({ root: { serialNumber: 77 } });
  const mixed = { ...collateral, tcb_info_issuer_chain: renewed.collateral.tcb_info_issuer_chain };
  const verdict = await verifyQuote(quote, parseCollateral(mixed), { roots, now });
  assert.equal(verdict.status, 'CONFIGURATION_NEEDED');
});

function rootExtensions(): readonly ExtensionSpec[] {
  return standardExtensions({ point: keys.root.point, issuerPoint: keys.root.point, pathLength: 1 });
}
