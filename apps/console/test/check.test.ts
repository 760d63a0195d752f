import assert from 'node:assert/strict';
import { test } from 'node:test';
import { INTEL_SGX_ROOT, softwareRoot } from '@enclos/attestation';
import { exampleSgxReport, scenario, type ScenarioChanges } from '@enclos/evidence-kit';
import { check } from '../src/page/check.ts';
import type { Outcome, Request } from '../src/page/outcome.ts';
import { policyFor } from './example-policy.ts';

async function requestOf(changes: ScenarioChanges = {}): Promise<Request> {
  const { quote, collateral, root, at } = scenario(changes);
  const roots = [await softwareRoot(root.certificate)];
  return {
    evidence: { kind: 'quote', bytes: quote },
    collateral: JSON.stringify(collateral),
    roots,
    amd: {},
    amdRoots: [],
    now: at,
    allowTrailingBytes: false,
  };
}

function statusOf({ verification }: Outcome): string {
  assert.ok(verification.kind === 'genuine' && verification.verdict.tee === 'sgx');
  return verification.verdict.status;
}

test('what is missing is named, and what is there is decoded', async () => {
  const { evidence, now, collateral = '' } = await requestOf();
  assert.ok(evidence !== undefined);
  const none = { roots: [], amd: {}, amdRoots: [], now, allowTrailingBytes: false };
  const nothing = await check(none);
  assert.deepEqual(nothing.verification, { kind: 'waiting', missing: ['evidence', 'collateral', 'root'] });
  assert.deepEqual(nothing.fields, []);
  const quoteAlone = await check({ ...none, evidence, roots: [INTEL_SGX_ROOT] });
  assert.deepEqual(quoteAlone.verification, { kind: 'waiting', missing: ['collateral'] });
  assert.ok(quoteAlone.fields.length > 2);
  const collateralAlone = await check({ ...none, collateral });
  assert.equal(collateralAlone.collateral?.tee, 'SGX');
});

test('a genuine quote is verified, and nothing is appraised without a policy', async () => {
  const outcome = await check(await requestOf());
  assert.ok(outcome.verification.kind === 'genuine');
  assert.equal(statusOf(outcome), 'OK');
  assert.ok(outcome.verification.steps.every(({ status }) => status === 'passed'));
  assert.deepEqual(outcome.appraisal, { kind: 'none' });
});

test('a quote under a root that was not chosen is refused at that step', async () => {
  const outcome = await check({ ...(await requestOf()), roots: [INTEL_SGX_ROOT] });
  assert.ok(outcome.verification.kind === 'refused');
  assert.equal(outcome.verification.steps.find(({ status }) => status === 'failed')?.id, 'trusted-root');
  assert.deepEqual(outcome.appraisal, { kind: 'none' });
});

test('malformed collateral is no word about the quote', async () => {
  const outcome = await check({ ...(await requestOf()), collateral: '{"tcb_info":"{}"}' });
  assert.ok(outcome.verification.kind === 'malformed');
  assert.equal(outcome.verification.error.code, 'ENDORSEMENTS_INVALID');
  assert.equal(outcome.collateral, undefined);
});

test('trailing bytes are accepted only when that was asked for', async () => {
  const request = await requestOf();
  const bytes = new Uint8Array([...(request.evidence?.bytes ?? []), 0]);
  const evidence = { kind: 'quote', bytes } as const;
  const kinds = await Promise.all(
    [false, true].map(
      async (allowTrailingBytes) => (await check({ ...request, evidence, allowTrailingBytes })).verification,
    ),
  );
  assert.deepEqual(
    kinds.map(({ kind }) => kind),
    ['refused', 'genuine'],
  );
});

test('a policy is applied: accepted with its binding, refused with its rule', async () => {
  const request = await requestOf();
  const [root] = request.roots;
  assert.ok(root !== undefined);
  const policy = policyFor(root.fingerprint);
  const unboundOutcome = await check({ ...request, policy });
  assert.ok(unboundOutcome.appraisal.kind === 'accepted');
  assert.equal(unboundOutcome.appraisal.binding.kind, 'unbound');
  const bound = await check({ ...request, policy, reportData: exampleSgxReport.reportData });
  assert.ok(bound.appraisal.kind === 'accepted');
  assert.equal(bound.appraisal.binding.kind, 'report-data');
  const other = await check({ ...request, policy, reportData: new Uint8Array(64) });
  assert.ok(other.appraisal.kind === 'refused');
  assert.equal(other.appraisal.error.details['field'], 'binding');
  const tooOld = await check({ ...request, policy: policyFor(root.fingerprint, { minimumSecurityVersion: 65_535 }) });
  assert.ok(tooOld.appraisal.kind === 'refused');
  assert.equal(tooOld.appraisal.error.details['field'], 'minimumSecurityVersion');
});

test('a policy file has an ISO date; a rule that is not known refuses', async () => {
  const request = await requestOf();
  const [root] = request.roots;
  assert.ok(root !== undefined);
  const file = policyFor(root.fingerprint);
  const early = await check({ ...request, policy: { ...file, timeFloor: '2020-01-01T00:00:00Z' } });
  assert.equal(early.appraisal.kind, 'accepted');
  for (const [rule, value] of [
    ['timeFloor', '2100-01-01T00:00:00Z'],
    ['timeFloor', 'some day'],
    ['anything', 'else'],
  ] as const) {
    const refused = await check({ ...request, policy: { ...file, [rule]: value } });
    assert.ok(refused.appraisal.kind === 'refused', value);
    assert.equal(refused.appraisal.error.details['field'], rule);
  }
});
