import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EnclosError, isEnclosError } from '@enclos/errors';
import type { QuoteParts } from '@enclos/sgx';
import {
  INTEL_SGX_ROOT,
  parseCollateral,
  snpStepResults,
  snpVerificationSteps,
  stepResults,
  verificationSteps,
  verifyQuote,
  type QuoteCollateral,
} from '../src/index.ts';
import type { StepId } from '../src/refusal/steps.ts';
import { tdBody, tdChanges } from './synthetic-td.ts';
import { keys, makePlatform, now, trustedRoot, type Changes } from './synthetic-platform.ts';

const other = { issuerKey: keys.other };
type Signature = QuoteParts['signature'];
const flipped = (bytes: Uint8Array): Uint8Array => bytes.map((byte, index) => (index === 0 ? byte ^ 1 : byte));
const inSignature = (change: (good: Signature) => Partial<Signature>): Changes => ({
  quote: (good) => ({ ...good, signature: { ...good.signature, ...change(good.signature) } }),
});
const inCollateral = (change: (good: QuoteCollateral) => Partial<QuoteCollateral>): Changes => ({
  collateral: (good) => ({ ...good, ...change(good) }),
});
const flippedHex = (hex: string): string => (hex.startsWith('0') ? '1' : '0') + hex.slice(1);

/** For each step that can refuse, something that it alone refuses. `trusted-root` is a matter of the options. */
const broken: Readonly<Partial<Record<StepId, Changes>>> = {
  'quote-format': inSignature(() => ({ certificationDataType: 6 })),
  'pck-chain-shape': { pckChain: (good) => [...good, ...good.slice(2)] },
  'root-certificate': { root: other },
  'intermediate-certificate': { intermediate: other },
  'pck-certificate': { pck: other },
  'root-crl': { rootCrl: other },
  'pck-crl': { pckCrl: other },
  'intermediate-revocation': { rootCrl: { revoked: [2] } },
  'pck-revocation': { pckCrl: { revoked: [3] } },
  'tcb-signing-chain': { signingChain: (good) => good.slice(0, 1) },
  'tcb-info-signature': inCollateral((good) => ({ tcb_info_signature: flippedHex(good.tcb_info_signature) })),
  'qe-identity-signing-chain': inCollateral((good) => ({
    qe_identity_issuer_chain: good.qe_identity_issuer_chain.split(/(?<=-----END CERTIFICATE-----\n)/)[0] ?? '',
  })),
  'qe-identity-signature': inCollateral((good) => ({ qe_identity_signature: flippedHex(good.qe_identity_signature) })),
  'tdx-module-match': tdChanges(tdBody('td-1.0', { mrSignerSeam: new Uint8Array(48).fill(1) })),
  'tcb-info-match': { tcbInfo: (good) => ({ ...good, fmspc: '00A0B0C0D0E1' }) },
  'qe-report-signature': inSignature(({ qeReportSignature }) => ({ qeReportSignature: flipped(qeReportSignature) })),
  'qe-report-binding': inSignature(() => ({ qeAuthData: new Uint8Array() })),
  'qe-identity-match': { qeReport: { isvProdId: 2 } },
  'quote-signature': inSignature(({ isvSignature }) => ({ isvSignature: flipped(isvSignature) })),
};

type Change = (good: unknown) => unknown;

function isChange(value: unknown): value is Change {
  return typeof value === 'function';
}

function merge(first: Changes, second: Changes): Changes {
  const merged: Record<string, unknown> = { ...first };
  for (const [key, change] of Object.entries(second) as [string, unknown][]) {
    const before = merged[key];
    if (isChange(before) && isChange(change)) merged[key] = (good: unknown) => change(before(good));
    else if (isChange(change) || typeof change !== 'object') merged[key] = change;
    else merged[key] = { ...(before as object), ...(change as object) };
  }
  return merged;
}

/** Never refuse: what they find is a fact in the verdict. */
const neverRefusing: ReadonlySet<StepId> = new Set(['tcb-evaluation', 'collateral-dates']);
const refusing = verificationSteps.map(({ id }) => id).filter((id) => !neverRefusing.has(id));

async function refusalOf(steps: readonly StepId[]): Promise<EnclosError> {
  const changes = steps.map((step) => broken[step] ?? {}).reduce(merge, {});
  const { quote, collateral } = await makePlatform(changes);
  const roots = [steps.includes('trusted-root') ? INTEL_SGX_ROOT : await trustedRoot];
  try {
    await verifyQuote(quote, parseCollateral(collateral), { roots, now });
  } catch (error) {
    if (isEnclosError(error, 'EVIDENCE_REFUSED')) return error;
    throw error;
  }
  throw new assert.AssertionError({ message: `nothing refused ${steps.join(', ')}` });
}

for (const [index, step] of refusing.entries()) {
  test(`${step} is checked before every step after it`, async () => {
    assert.equal((await refusalOf([step])).details['step'], step);
    const refusal = await refusalOf(refusing.slice(index));
    assert.equal(refusal.details['step'], step);
    const statuses = stepResults(refusal).map(({ status }) => status);
    assert.deepEqual(
      statuses.slice(0, index),
      Array.from({ length: index }, () => 'passed'),
    );
    assert.equal(statuses[index], 'failed');
    assert.ok(statuses.slice(index + 1).every((status) => status === 'not reached'));
  });
}

test('with a verdict every step passed', () => {
  const results = stepResults();
  assert.deepEqual(
    results.map(({ id, title }) => ({ id, title })),
    verificationSteps.map(({ id, title }) => ({ id, title })),
  );
  assert.deepEqual([results[0]?.number, results.at(-1)?.number], [1, verificationSteps.length]);
  assert.ok(results.every(({ status }) => status === 'passed') && Object.isFrozen(results));
});

test('an error that says nothing about steps is misuse, not a list of passed steps', () => {
  const others = [
    new EnclosError('EVIDENCE_REFUSED', 'without a step'),
    new EnclosError('EVIDENCE_REFUSED', 'of another verifier', { details: { step: 'toString' } }),
    new EnclosError('APPRAISAL_REFUSED', 'by policy', { details: { step: 'trusted-root' } }),
    new Error('anything'),
    null,
  ];
  const misused = (error: unknown): boolean =>
    isEnclosError(error, 'VERIFIER_MISUSED') && error.message.includes(' verifyQuote.');
  for (const error of others) assert.throws(() => stepResults(error), misused);
});

test('for a report all of its steps passed, or those before the one that refused', () => {
  assert.ok(snpStepResults().every(({ status }) => status === 'passed'));
  assert.deepEqual(
    snpStepResults().map(({ id }) => id),
    snpVerificationSteps.map(({ id }) => id),
  );
  const refusal = new EnclosError('EVIDENCE_REFUSED', 'of another chip', { details: { step: 'snp-chip' } });
  assert.deepEqual(
    snpStepResults(refusal).map(({ status }) => status),
    [...Array.from({ length: 10 }, () => 'passed'), 'failed', 'not reached'],
  );
  for (const error of [
    new Error('x'),
    new EnclosError('EVIDENCE_REFUSED', 'x', { details: { step: 'trusted-root' } }),
  ]) {
    assert.throws(
      () => snpStepResults(error),
      (thrown) => isEnclosError(thrown, 'VERIFIER_MISUSED') && thrown.message.includes(' verifySnpReport.'),
    );
  }
});
