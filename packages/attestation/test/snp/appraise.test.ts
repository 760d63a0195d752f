import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromHex } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import {
  appraiseSnp,
  isVerifiedSnpEvidence,
  unbound,
  type Binding,
  type SnpPolicy,
  type SnpVerdict,
} from '../../src/index.ts';
import { verifySnpReportSync } from '../../src/node.ts';
import { makeSnpPlatform, now, snpRoot, vlek, type SnpChanges } from './synthetic-platform.ts';
import { goodReport } from './synthetic-report.ts';

function verdictOf(changes: SnpChanges = {}, at = now): SnpVerdict {
  const { report, endorsements } = makeSnpPlatform(changes);
  return verifySnpReportSync(report, endorsements, { roots: [snpRoot], now: at });
}

const milan = { bootloader: 3, tee: 0, snp: 8, microcode: 0xd9 };
const policy = {
  measurements: ['00'.repeat(48), goodReport.measurement.toUpperCase()],
  minimumGuestSvn: 7,
  vmpl: 0,
  roots: [snpRoot.fingerprint],
  signingKeys: ['VCEK'],
  minimumTcb: { Milan: milan },
  allowSmt: true,
  allowMultipleSockets: true,
} as const satisfies SnpPolicy;
const binding: Binding = { reportData: fromHex(goodReport.reportData) };
const good = verdictOf();
/** Takes a rule out of the good policy: one that is there without a value is refused. */
const absent = Symbol('absent');

interface Attempt {
  readonly changes?: SnpChanges;
  readonly verdict?: SnpVerdict;
  /** Merged over the good policy, without what is `absent`; as untyped callers may write it. */
  readonly policy?: object;
  readonly binding?: unknown;
  readonly now?: Date;
}

function attempt(given: Attempt): ReturnType<typeof appraiseSnp> {
  const verdict = given.verdict ?? (given.changes === undefined ? good : verdictOf(given.changes));
  const entries = Object.entries({ ...policy, ...given.policy }).filter(
    ([, value]: [string, unknown]) => value !== absent,
  );
  // Untyped on purpose: the run-time checks are what these tests are for.
  const rules = Object.fromEntries(entries) as unknown as SnpPolicy;
  const bound = ('binding' in given ? given.binding : binding) as Binding;
  return appraiseSnp(verdict, rules, bound, { now: given.now ?? now });
}

function refused(given: Attempt, field: string, details: Record<string, unknown> = {}): void {
  assert.throws(
    () => attempt(given),
    (error) => {
      assert.ok(isEnclosError(error, 'APPRAISAL_REFUSED'), String(error));
      const wanted = { field, ...details };
      assert.deepEqual(Object.fromEntries(Object.keys(wanted).map((key) => [key, error.details[key]])), wanted);
      return true;
    },
  );
}

test('accepted evidence says what was accepted', () => {
  const evidence = attempt({});
  assert.ok(isVerifiedSnpEvidence(evidence));
  assert.ok(!isVerifiedSnpEvidence({ ...evidence }));
  assert.ok(!isVerifiedSnpEvidence(null));
  assert.ok(Object.isFrozen(evidence));
  assert.deepEqual(
    { ...evidence, verdict: undefined },
    {
      tee: 'sev-snp',
      product: 'Milan',
      measurement: goodReport.measurement,
      guestSvn: 7,
      vmpl: 0,
      debug: false,
      reportData: goodReport.reportData,
      binding: { kind: 'report-data' },
      appraisedAt: '2026-03-01T00:00:00Z',
      verdict: undefined,
    },
  );
  assert.equal(evidence.verdict, good);
});

const withoutSmt = { report: { policy: 0x12_0000n } };

test('each rule of the guest policy', () => {
  refused({ changes: { report: { policy: 0xb_0000n } } }, 'allowDebug');
  refused({ changes: { report: { policy: 0x7_0000n } } }, 'allowMigrationAgent');
  refused({ changes: { report: { policy: 0x23_0000n } } }, 'allowCxl');
  refused({ policy: { allowSmt: false } }, 'allowSmt');
  refused({ policy: { allowMultipleSockets: false } }, 'allowMultipleSockets');
  attempt({ changes: withoutSmt, policy: { allowSmt: false, allowMultipleSockets: false } });
  const evidence = attempt({
    changes: { report: { policy: 0x2f_0000n } },
    policy: { allowDebug: true, allowMigrationAgent: true, allowCxl: true },
  });
  assert.equal(evidence.debug, true);
});

test('each rule of the identity', () => {
  refused({ policy: { measurements: ['00'.repeat(48)] } }, 'measurements', { got: goodReport.measurement });
  refused({ policy: { minimumGuestSvn: 8 } }, 'minimumGuestSvn', { expected: 8, got: 7 });
  refused({ policy: { vmpl: 1 } }, 'vmpl', { expected: 1, got: 0 });
  refused({ changes: { report: { vmpl: 1 } } }, 'vmpl', { expected: 0, got: 1 });
  const rules = [
    ['hostData', goodReport.hostData, 32],
    ['idKeyDigests', goodReport.idKeyDigest, 48],
    ['authorKeyDigests', goodReport.authorKeyDigest, 48],
    ['familyIds', goodReport.familyId, 16],
    ['imageIds', goodReport.imageId, 16],
  ] as const;
  for (const [rule, value, sizeBytes] of rules) {
    attempt({ policy: { [rule]: ['00'.repeat(sizeBytes), value] } });
    refused({ policy: { [rule]: ['00'.repeat(sizeBytes)] } }, rule, { got: value });
  }
});

test('an author key digest counts only when there is an author key', () => {
  const rule = { authorKeyDigests: [goodReport.authorKeyDigest] };
  refused({ changes: { report: { flags: 0 } }, policy: rule }, 'authorKeyDigests', { got: 'no author key' });
});

test('each rule of the signer', () => {
  refused({ policy: { roots: ['00'.repeat(32)] } }, 'roots', { got: snpRoot.fingerprint });
  refused({ policy: { signingKeys: ['VLEK'], cspIds: ['CN=provider.example'] } }, 'signingKeys', { got: 'VCEK' });
  const keys = { signingKeys: ['VCEK', 'VLEK'] };
  refused({ changes: vlek }, 'signingKeys', { got: 'VLEK' });
  refused({ changes: vlek, policy: { ...keys, cspIds: ['CN=other'] } }, 'cspIds', { got: 'CN=provider.example' });
  attempt({ changes: vlek, policy: { ...keys, cspIds: ['CN=provider.example'] } });
  refused({ changes: { crl: 'none' } }, 'allowUncheckedRevocation');
  attempt({ changes: { crl: 'none' }, policy: { allowUncheckedRevocation: true } });
});

test('every component of every TCB must reach the minimum', () => {
  for (const component of ['bootloader', 'tee', 'snp', 'microcode'] as const) {
    const Milan = { ...milan, [component]: milan[component] + 1 };
    refused({ policy: { minimumTcb: { Milan } } }, `minimumTcb.Milan.${component}`, { expected: Milan[component] });
  }
  for (const kind of ['current', 'committed', 'launch'] as const) {
    const got = `216 in the ${kind} TCB`;
    refused({ changes: { report: { [kind]: '03000000000008d8' } } }, 'minimumTcb.Milan.microcode', { got });
    attempt({ changes: { report: { [kind]: '04000000000009da' } } });
  }
  refused({ policy: { minimumTcb: { Genoa: milan } } }, 'minimumTcb', { got: 'Milan' });
});

test('each rule of the time', () => {
  const ends = new Date('2026-04-01T00:00:00Z');
  const late = new Date(ends.getTime() + 1000);
  attempt({ now: ends });
  refused({ now: late }, 'expiredCollateralGraceMs', { got: '2026-04-01T00:00:00Z' });
  refused({ verdict: verdictOf({}, late) }, 'expiredCollateralGraceMs', { got: ['revocationList'] });
  attempt({ now: late, policy: { expiredCollateralGraceMs: 1000 } });
  refused(
    { now: new Date(late.getTime() + 1000), policy: { expiredCollateralGraceMs: 1000 } },
    'expiredCollateralGraceMs',
  );
  const begins = new Date('2026-02-01T00:00:00Z');
  const early = new Date(begins.getTime() - 1);
  attempt({ now: begins });
  refused({ now: early }, 'allowNotYetValid', { got: '2026-02-01T00:00:00Z' });
  refused({ verdict: verdictOf({}, early) }, 'allowNotYetValid', { got: ['revocationList'] });
  attempt({ now: early, policy: { allowNotYetValid: true } });
  attempt({ policy: { timeFloor: now } });
  const timeFloor = new Date(now.getTime() + 1000);
  refused({ policy: { timeFloor } }, 'timeFloor');
  refused({ policy: { timeFloor }, now: new Date(now.getTime() + 5000) }, 'timeFloor');
});

test('the binding', () => {
  refused({ binding: { reportData: new Uint8Array(64) } }, 'binding');
  const evidence = attempt({ binding: unbound('to look at it') });
  assert.deepEqual(evidence.binding, { kind: 'unbound', reason: 'to look at it' });
  const wrong: readonly unknown[] = [
    undefined,
    null,
    {},
    { reportData: new Uint8Array(63) },
    { reportData: goodReport.reportData },
    { unbound: ' ' },
    { reportData: new Uint8Array(64), unbound: 'both' },
    { nonce: new Uint8Array(64) },
  ];
  for (const given of wrong) {
    assert.throws(
      () => attempt({ binding: given }),
      (error) => isEnclosError(error, 'VERIFIER_MISUSED'),
    );
  }
});

test('verdicts and times of another origin are misuse', () => {
  const isMisuse = (error: unknown): boolean => isEnclosError(error, 'VERIFIER_MISUSED');
  assert.throws(() => attempt({ verdict: { ...good } }), isMisuse);
  assert.throws(() => attempt({ now: new Date(Number.NaN) }), isMisuse);
});

test('a policy says everything that it has to, and nothing else', () => {
  const mandatory = [
    'measurements',
    'minimumGuestSvn',
    'vmpl',
    'roots',
    'signingKeys',
    'minimumTcb',
    'allowSmt',
    'allowMultipleSockets',
  ];
  for (const rule of mandatory) {
    refused({ policy: { [rule]: absent } }, rule);
    refused({ policy: { [rule]: undefined } }, rule);
  }
  const wrong: readonly (readonly [field: string, policy: object])[] = [
    ['measurements', { measurements: [] }],
    ['measurements', { measurements: [goodReport.measurement.slice(2)] }],
    ['measurements', { measurements: goodReport.measurement }],
    ['measurements', { measurements: [`${goodReport.measurement.slice(2)}zz`] }],
    ['minimumGuestSvn', { minimumGuestSvn: -1 }],
    ['minimumGuestSvn', { minimumGuestSvn: '7' }],
    ['vmpl', { vmpl: 4 }],
    ['roots', { roots: [] }],
    ['signingKeys', { signingKeys: [] }],
    ['signingKeys', { signingKeys: ['none'] }],
    ['cspIds', { signingKeys: ['VLEK'] }],
    ['cspIds', { cspIds: [] }],
    ['minimumTcb', { minimumTcb: [] }],
    ['minimumTcb.Milan', { minimumTcb: {} }],
    ['minimumTcb.Naples', { minimumTcb: { Milan: milan, Naples: milan } }],
    ['minimumTcb.Milan.tee', { minimumTcb: { Milan: { bootloader: 3, snp: 8, microcode: 1 } } }],
    ['minimumTcb.Milan.fmc', { minimumTcb: { Milan: { ...milan, fmc: 1 } } }],
    ['minimumTcb.Turin.fmc', { minimumTcb: { Turin: milan } }],
    ['minimumTcb.Milan.snp', { minimumTcb: { Milan: { ...milan, snp: 256 } } }],
    ['allowDebug', { allowDebug: 'no' }],
    ['expiredCollateralGraceMs', { expiredCollateralGraceMs: Number.POSITIVE_INFINITY }],
    ['timeFloor', { timeFloor: '2026-01-01' }],
    ['allowdebug', { allowdebug: true }],
  ];
  for (const [field, change] of wrong) refused({ policy: change }, field, { got: 'an incomplete policy' });
  assert.throws(
    () => appraiseSnp(good, { ...policy, [Symbol('allowDebug')]: true }, binding, { now }),
    (error) => isEnclosError(error, 'APPRAISAL_REFUSED') && error.details['field'] === 'Symbol(allowDebug)',
  );
});

test('a policy can be written as JSON', () => {
  const text = JSON.stringify({ ...policy, timeFloor: now });
  // A test of text that JSON.stringify wrote.
  const rules = JSON.parse(text) as SnpPolicy;
  assert.equal(appraiseSnp(good, rules, binding, { now }).measurement, goodReport.measurement);
  assert.throws(
    () => appraiseSnp(good, rules, binding, { now: new Date(now.getTime() - 1) }),
    (error) => isEnclosError(error, 'APPRAISAL_REFUSED') && error.details['field'] === 'timeFloor',
  );
});

test('a policy does not inherit', () => {
  class Inherited {
    readonly allowDebug = true;
  }
  for (const given of [new Inherited(), null, 'policy', Object.create(policy)] as readonly unknown[]) {
    assert.throws(
      () => appraiseSnp(good, given as SnpPolicy, binding, { now }),
      (error) => isEnclosError(error, 'APPRAISAL_REFUSED') && error.details['field'] === 'policy',
    );
  }
});
