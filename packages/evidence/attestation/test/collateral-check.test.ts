import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isEnclosError } from '@enclos/errors';
import { checkCollateral, INTEL_SGX_ROOT, parseCollateral, type CheckedCollateral } from '../src/index.ts';
import { pem } from './intel-vectors.ts';
import { keys, makePlatform, type Changes } from './synthetic-platform.ts';

/** The collateral and the chain of a platform, checked. */
async function checked(changes: Changes = {}): Promise<CheckedCollateral> {
  let pckChain = '';
  const pckChainOf = (good: readonly Uint8Array[]): readonly Uint8Array[] => {
    pckChain = good.map(pem).join('');
    return good;
  };
  const { collateral, roots } = await makePlatform({ ...changes, pckChain: pckChainOf });
  return checkCollateral(parseCollateral(collateral), { pckChain, roots });
}

const refusedAt = (step: string) => (error: unknown) =>
  isEnclosError(error, 'EVIDENCE_REFUSED') && error.details['step'] === step;

test('collateral of the vendor is accepted without a quote, with the dates of each document', async () => {
  const { documents, isPlatformRevoked } = await checked();
  assert.deepEqual(Object.keys(documents), ['rootCrl', 'pckCrl', 'tcbInfo', 'qeIdentity']);
  assert.deepEqual(documents.tcbInfo, { from: '2026-01-01T00:00:00Z', until: '2026-02-01T00:00:00Z' });
  assert.equal(isPlatformRevoked, false);
});

test('a revocation of the platform is a fact, and what follows it is checked all the same', async () => {
  const pckCrl = { revoked: [3] };
  assert.equal((await checked({ pckCrl })).isPlatformRevoked, true);
  await assert.rejects(checked({ pckCrl, signer: { key: keys.other } }), refusedAt('tcb-info-signature'));
});

test('a document that another key signed is refused, each at its step', async () => {
  const issuerKey = keys.other;
  await assert.rejects(checked({ rootCrl: { issuerKey } }), refusedAt('root-crl'));
  await assert.rejects(checked({ pckCrl: { issuerKey } }), refusedAt('pck-crl'));
  await assert.rejects(checked({ signer: { issuerKey } }), refusedAt('tcb-signing-chain'));
  await assert.rejects(
    checked({ collateral: (good) => ({ ...good, qe_identity_signature: good.tcb_info_signature }) }),
    refusedAt('qe-identity-signature'),
  );
});

test('a root that is not listed is refused', async () => {
  let pckChain = '';
  const { collateral } = await makePlatform({
    pckChain: (good) => {
      pckChain = good.map(pem).join('');
      return good;
    },
  });
  await assert.rejects(
    checkCollateral(parseCollateral(collateral), { pckChain, roots: [INTEL_SGX_ROOT] }),
    refusedAt('trusted-root'),
  );
});
