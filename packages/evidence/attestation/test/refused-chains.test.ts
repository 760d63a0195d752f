import assert from 'node:assert/strict';
import { test } from 'node:test';
import { concatBytes, toHex } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import { parseCollateral, verifyQuote } from '../src/index.ts';
import { partsOf } from '../src/dcap/endorsements.ts';
import { parseSgxExtension } from '../src/dcap/tcb/sgx-extension.ts';
import { runAsync } from '../src/crypto/web-crypto.ts';
import { verifySigningChain } from '../src/dcap/signing-chain.ts';
import { boolean, integer } from './der-writer.ts';
import { authority, ids, leaf, other, testRefusals, type Case } from './refusal-cases.ts';
import {
  authorityKeyIdentifier,
  basicConstraints,
  crlNumber,
  keyUsage,
  standardExtensions,
  type ExtensionSpec,
} from './synthetic-pki.ts';
import { keys, makePlatform, now, sgxExtension } from './synthetic-platform.ts';

testRefusals([
  ['a chain of two', 'pck-chain-shape', 'UNSUPPORTED_CERT_FORMAT', { pckChain: (good) => good.slice(0, 2) }],
  [
    'a chain of four',
    'pck-chain-shape',
    'UNSUPPORTED_CERT_FORMAT',
    { pckChain: (good) => [...good, ...good.slice(2)] },
  ],
  [
    'a chain without its root',
    'pck-chain-shape',
    'SGX_ROOT_CA_MISSING',
    { pckChain: ([pck, ca]) => [ca, pck, pck].flatMap((der) => der ?? []) },
  ],
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
]);

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

test('refused: a QE identity under the chain of the TCB info and one certificate more', async () => {
  const { quote, collateral, roots } = await makePlatform();
  const longer = `${collateral.qe_identity_issuer_chain}${collateral.pck_crl_issuer_chain}`;
  const mixed = parseCollateral({ ...collateral, qe_identity_issuer_chain: longer });
  await assert.rejects(verifyQuote(quote, mixed, { roots, now }), (error) => {
    assert.ok(isEnclosError(error, 'EVIDENCE_REFUSED'));
    assert.deepEqual({ ...error.details }, { step: 'qe-identity-signing-chain', status: 'UNSUPPORTED_CERT_FORMAT' });
    return true;
  });
});

test('authorities without a path length may have any depth below them', async () => {
  const endless = (point: Uint8Array): readonly ExtensionSpec[] =>
    standardExtensions({ point, issuerPoint: keys.root.point, pathLength: 0 }).map((extension) =>
      extension.id === ids.basicConstraints ? basicConstraints([boolean(true)]) : extension,
    );
  const { quote, collateral, roots } = await makePlatform({
    root: { extensions: endless(keys.root.point) },
    intermediate: { extensions: endless(keys.intermediate.point) },
  });
  assert.equal((await verifyQuote(quote, parseCollateral(collateral), { roots, now })).status, 'CONFIGURATION_NEEDED');
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
  const { tcbInfoChain, rootCrl } = partsOf(endorsements);
  const [signer, root] = tcbInfoChain;
  assert.ok(signer !== undefined && root !== undefined && roots[0] !== undefined);
  const pckChain = {
    pck: signer,
    intermediate: signer,
    root,
    trustedRoot: { ...roots[0], publicKey: toHex(other.point) },
    platform: parseSgxExtension(sgxExtension()),
  };
  const options = {
    step: 'tcb-signing-chain',
    rootCrl,
    pckChain,
  } as const;
  await assert.rejects(runAsync(verifySigningChain(tcbInfoChain, options), crypto.subtle), (error) => {
    assert.ok(isEnclosError(error, 'EVIDENCE_REFUSED'));
    assert.equal(error.details['status'], 'SGX_TCB_SIGNING_CERT_CHAIN_UNTRUSTED');
    return true;
  });
});

test('refused: a signing chain under a root certificate that its key did not sign, at the step of that chain', async () => {
  const { quote, collateral, roots } = await makePlatform();
  const broken = await makePlatform({ root: { issuerKey: other } });
  const cases = [
    ['tcb-signing-chain', 'tcb_info_issuer_chain'],
    ['qe-identity-signing-chain', 'qe_identity_issuer_chain'],
  ] as const;
  for (const [step, field] of cases) {
    const mixed = { ...collateral, [field]: broken.collateral[field] };
    await assert.rejects(verifyQuote(quote, parseCollateral(mixed), { roots, now }), (error) => {
      assert.ok(isEnclosError(error, 'EVIDENCE_REFUSED'));
      assert.deepEqual({ ...error.details }, { step, status: 'SGX_ROOT_CA_INVALID_ISSUER' });
      return true;
    });
  }
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
