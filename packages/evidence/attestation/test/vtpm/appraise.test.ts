import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromHex, toHex } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import {
  appraiseAzure,
  appraiseSnp,
  isVerifiedAzureEvidence,
  unbound,
  type AzurePolicy,
  type NonceBinding,
  type SnpPolicy,
  type SnpVerdict,
  type VerifiedAzureEvidence,
  type VerifiedSnpEvidence,
} from '../../src/index.ts';
import { verifyAzureSnpSync } from '../../src/node.ts';
import { makeSnpPlatform, now, snpRoot } from '../snp/synthetic-platform.ts';
import { goodReport, makeReport } from '../snp/synthetic-report.ts';
import {
  goodRuntime,
  makeAttestation,
  makeHclReport,
  makeTpmQuote,
  nonce,
  pcrValues,
  reportDataFor,
  sha256,
} from './synthetic-vtpm.ts';

const configuration = goodRuntime['vm-configuration'];

function verdictOf(change: object = {}): ReturnType<typeof verifyAzureSnpSync> {
  const runtime = JSON.stringify({ ...goodRuntime, 'vm-configuration': { ...configuration, ...change } });
  const report = makeReport({ reportData: reportDataFor(runtime) });
  const evidence = { hclReport: makeHclReport(report, runtime), tpmQuote: makeTpmQuote() };
  return verifyAzureSnpSync(evidence, makeSnpPlatform().endorsements, { roots: [snpRoot], now });
}

const verdict = verdictOf();
const paravisor: SnpPolicy = {
  tee: 'sev-snp',
  measurements: [goodReport.measurement],
  minimumGuestSvn: 7,
  vmpl: 0,
  roots: [snpRoot.fingerprint],
  signingKeys: ['VCEK'],
  minimumTcb: { Milan: { bootloader: 3, tee: 0, snp: 8, microcode: 0xd9 } },
  allowSmt: true,
  allowMultipleSockets: true,
};
const pcr = (number: number): string => toHex(pcrValues[number] ?? new Uint8Array());
const policy = { pcrs: { 0: [pcr(0)], 11: ['00'.repeat(32), pcr(11)] }, requireSecureBoot: true } satisfies AzurePolicy;

interface Attempt {
  readonly verdict?: typeof verdict;
  readonly policy?: object;
  readonly binding?: unknown;
  readonly paravisor?: SnpPolicy;
}

function attempt(given: Attempt): VerifiedAzureEvidence<SnpVerdict, VerifiedSnpEvidence> {
  // Untyped on purpose: the run-time checks are what these tests are for.
  const rules = { ...policy, ...given.policy } as AzurePolicy;
  const binding = ('binding' in given ? given.binding : { nonce }) as NonceBinding;
  return appraiseAzure(given.verdict ?? verdict, rules, binding, {
    appraiseHardware: (hardware, bound) => appraiseSnp(hardware, given.paravisor ?? paravisor, bound, { now }),
  });
}

function refused(given: Attempt, field: string): void {
  assert.throws(
    () => attempt(given),
    (error) => {
      assert.ok(isEnclosError(error, 'APPRAISAL_REFUSED'), String(error));
      assert.equal(error.details['field'], field);
      return true;
    },
  );
}

test('accepted evidence holds the accepted evidence of the hardware, bound to the vTPM', () => {
  const evidence = attempt({});
  assert.ok(isVerifiedAzureEvidence(evidence));
  assert.ok(!isVerifiedAzureEvidence({ ...evidence }));
  assert.ok(Object.isFrozen(evidence));
  assert.equal(evidence.tee, 'azure-vtpm');
  assert.deepEqual(evidence.binding, { kind: 'nonce' });
  assert.deepEqual(evidence.hardware.binding, { kind: 'report-data' });
  assert.equal(evidence.hardware.measurement, goodReport.measurement);
  assert.equal(evidence.verdict, verdict);
});

test('each rule', () => {
  refused({ policy: { pcrs: { 0: ['00'.repeat(32)] } } }, 'pcrs.0');
  refused({ verdict: verdictOf({ 'secure-boot': false }) }, 'requireSecureBoot');
  refused({ verdict: verdictOf({ 'secure-boot': undefined }) }, 'requireSecureBoot');
  attempt({ verdict: verdictOf({ 'secure-boot': false }), policy: { requireSecureBoot: false } });
  refused({ verdict: verdictOf({ 'console-enabled': true }) }, 'allowConsole');
  refused({ verdict: verdictOf({ 'console-enabled': undefined }) }, 'allowConsole');
  attempt({ verdict: verdictOf({ 'console-enabled': true }), policy: { allowConsole: true } });
  attempt({ policy: { vmUniqueIds: [configuration.vmUniqueId] } });
  refused({ policy: { vmUniqueIds: ['another'] } }, 'vmUniqueIds');
  attempt({ policy: { userData: [goodRuntime['user-data']] } });
  refused({ policy: { userData: ['00'.repeat(64)] } }, 'userData');
  refused({ paravisor: { ...paravisor, measurements: ['00'.repeat(48)] } }, 'measurements');
});

test('a PCR that the policy names must be quoted, whatever value came beside the quote', () => {
  const runtime = JSON.stringify(goodRuntime);
  const hclReport = makeHclReport(makeReport({ reportData: reportDataFor(runtime) }), runtime);
  const message = makeAttestation({ select: [1, 0, 0], digest: sha256(pcrValues[0] ?? new Uint8Array()) });
  const evidence = { hclReport, tpmQuote: makeTpmQuote(message) };
  const partial = verifyAzureSnpSync(evidence, makeSnpPlatform().endorsements, { roots: [snpRoot], now });
  attempt({ verdict: partial, policy: { pcrs: { 0: [pcr(0)] } } });
  refused({ verdict: partial }, 'pcrs.11');
});

test('the binding', () => {
  refused({ binding: { nonce: fromHex('00') } }, 'binding');
  refused({ binding: { nonce: new Uint8Array() } }, 'binding');
  assert.deepEqual(attempt({ binding: unbound('a test') }).binding, { kind: 'unbound', reason: 'a test' });
  for (const binding of [undefined, {}, { reportData: nonce }, { nonce: 'text' }, { nonce, unbound: 'both' }]) {
    assert.throws(
      () => attempt({ binding }),
      (error) => isEnclosError(error, 'VERIFIER_MISUSED'),
    );
  }
});

test('a verdict of another origin is misuse', () => {
  assert.throws(
    () => attempt({ verdict: { ...verdict } }),
    (error) => isEnclosError(error, 'VERIFIER_MISUSED'),
  );
});

test('a policy says everything that it has to, and nothing else', () => {
  const wrong: readonly (readonly [field: string, policy: object])[] = [
    ['pcrs', { pcrs: undefined }],
    ['pcrs', { pcrs: [] }],
    ['pcrs.0', { pcrs: {} }],
    ['pcrs.0', { pcrs: { 0: [] } }],
    ['pcrs.1', { pcrs: { 1: ['00'] } }],
    ['pcrs.24', { pcrs: { 24: ['00'.repeat(32)], 1: [pcr(1)] } }],
    ['requireSecureBoot', { requireSecureBoot: undefined }],
    ['requireSecureBoot', { requireSecureBoot: 1 }],
    ['vmUniqueIds', { vmUniqueIds: [] }],
    ['userData', { userData: ['00'] }],
    ['requiresecureboot', { requiresecureboot: true }],
  ];
  for (const [field, change] of wrong) refused({ policy: change }, field);
});

test('a policy without a rule that it has to have is no policy', () => {
  for (const field of Object.keys(policy)) {
    // Untyped on purpose: as from a file.
    const rules = Object.fromEntries(
      Object.entries(policy).filter(([name]) => name !== field),
    ) as unknown as AzurePolicy;
    assert.throws(
      () => appraiseAzure(verdict, rules, { nonce }, { appraiseHardware: () => 'accepted' }),
      (error) => {
        assert.ok(isEnclosError(error, 'APPRAISAL_REFUSED'), String(error));
        assert.deepEqual([error.details['field'], error.details['expected']], [field, 'present']);
        return true;
      },
    );
  }
});

test('a machine without an id is none of those that a policy lists', () => {
  assert.throws(
    () => attempt({ verdict: verdictOf({ vmUniqueId: undefined }), policy: { vmUniqueIds: ['another'] } }),
    (error) => isEnclosError(error, 'APPRAISAL_REFUSED') && error.details['got'] === '',
  );
});

test('only what was appraised is evidence', () => {
  for (const value of [undefined, null, 'evidence', 7, {}, verdict]) assert.ok(!isVerifiedAzureEvidence(value));
});
