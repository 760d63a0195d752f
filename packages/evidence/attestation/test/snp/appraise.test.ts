import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromHex } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import {
  appraiseSnp,
  isVerifiedSnpEvidence,
  parsePolicy,
  unbound,
  type Binding,
  type SnpPolicy,
  type SnpVerdict,
} from '../../src/index.ts';
import { verifySnpReportSync } from '../../src/node.ts';
import { makeSnpPlatform, now, snpRoot, vlek, type SnpChanges } from './synthetic-platform.ts';
import { goodReport, hardwareId } from './synthetic-report.ts';

function verdictOf(changes: SnpChanges = {}, at = now): SnpVerdict {
  const { report, endorsements } = makeSnpPlatform(changes);
  return verifySnpReportSync(report, endorsements, { roots: [snpRoot], now: at });
}

const milan = { bootloader: 3, tee: 0, snp: 8, microcode: 0xd9 };
const policy = {
  tee: 'sev-snp',
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

test('the ABI that the guest demanded', () => {
  const of = (major: number, minor: number): Attempt => ({
    changes: { report: { policy: 0x2_0000n | (2n << 8n) | 5n } },
    policy: { allowSmt: false, minimumGuestAbi: { major, minor } },
  });
  for (const [major, minor] of [
    [2, 5],
    [2, 4],
    [1, 255],
    [0, 0],
  ] as const) {
    attempt(of(major, minor));
  }
  refused(of(2, 6), 'minimumGuestAbi', { expected: '2.6', got: '2.5' });
  refused(of(3, 0), 'minimumGuestAbi', { expected: '3.0', got: '2.5' });
});

test('each protection that is required', () => {
  const bits = { memoryAes256Xts: 22n, raplDisabled: 23n, ciphertextHiding: 24n, pageSwapDisabled: 25n };
  const all = [...Object.keys(bits), 'aliasCheckComplete'];
  const every = 0x2_0000n | Object.values(bits).reduce((sum, bit) => sum | (1n << bit), 0n);
  const of = (report: NonNullable<SnpChanges['report']>, requiredProtections: readonly string[] = all): Attempt => ({
    changes: { report },
    policy: { requiredProtections },
  });
  attempt(of({ policy: every, platformInfo: 0x20n }));
  for (const [name, bit] of Object.entries(bits)) {
    const report = { policy: every & ~(1n << bit), platformInfo: 0x20n };
    refused(of(report), 'requiredProtections', { expected: all, got: `without ${name}` });
    attempt(
      of(
        report,
        all.filter((other) => other !== name),
      ),
    );
  }
  // What the platform does without the guest's demand may stop tomorrow.
  refused(of({ policy: every & ~(1n << 24n), platformInfo: 0x30n }), 'requiredProtections');
  refused(of({ policy: every, platformInfo: 0x1fn }), 'requiredProtections', { got: 'without aliasCheckComplete' });
  refused(of({}), 'requiredProtections', { got: `without ${Object.keys(bits).join(', ')}` });
});

test('each rule of the identity', () => {
  refused({ policy: { minimumReportVersion: 4 } }, 'minimumReportVersion', { expected: 4, got: 3 });
  refused({ changes: { report: { version: 2 } }, policy: { minimumReportVersion: 3 } }, 'minimumReportVersion');
  attempt({ policy: { minimumReportVersion: 3 } });
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
  attempt({ policy: { chipIds: ['00'.repeat(8), hardwareId.toUpperCase()] } });
  attempt({ changes: { report: { chipId: '00'.repeat(64) } }, policy: { chipIds: [hardwareId] } });
  refused({ policy: { chipIds: [hardwareId.replace('c1', 'c2')] } }, 'chipIds', { got: hardwareId });
  const ofChip = { ...keys, cspIds: ['CN=provider.example'], chipIds: [hardwareId, '00'.repeat(64)] };
  refused({ changes: vlek, policy: ofChip }, 'chipIds', { got: 'a VLEK, of no chip' });
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
  refused({ now: late }, 'expiredCollateralGraceMs', { expected: 0, got: ['revocationList'] });
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

test('grace is for each part, with a default for the others', () => {
  const late = new Date('2035-01-01T00:00:01Z');
  const all = ['rootCertificate', 'intermediateCertificate', 'signingKeyCertificate', 'revocationList'];
  refused({ now: late }, 'expiredCollateralGraceMs', { got: all });
  const years = 10 * 366 * 86_400_000;
  const graced = (expiredCollateralGraceMs: object): Attempt => ({ now: late, policy: { expiredCollateralGraceMs } });
  attempt(graced({ default: 1000, revocationList: years }));
  refused(graced({ default: 999, revocationList: years }), 'expiredCollateralGraceMs', { got: all.slice(0, 3) });
  refused(graced({ default: years, rootCertificate: 999 }), 'expiredCollateralGraceMs', {
    expected: 999,
    got: ['rootCertificate'],
  });
});

test('a list may be refused for its age while it has not ended', () => {
  const day = 86_400_000;
  attempt({ policy: { maximumCollateralAgeMs: 28 * day } });
  refused({ policy: { maximumCollateralAgeMs: 28 * day - 1 } }, 'maximumCollateralAgeMs', { got: ['revocationList'] });
  refused({ policy: { maximumCollateralAgeMs: { revocationList: 7 * day } } }, 'maximumCollateralAgeMs');
  refused({ policy: { maximumCollateralAgeMs: { default: 7 * day } } }, 'maximumCollateralAgeMs');
  attempt({ policy: { maximumCollateralAgeMs: { default: 7 * day, revocationList: 28 * day } } });
  const withoutList = { changes: { crl: 'none' }, policy: { allowUncheckedRevocation: true } } as const;
  attempt({ ...withoutList, policy: { ...withoutList.policy, maximumCollateralAgeMs: 0 } });
});

test('a policy for another TEE refuses, and so does one that does not say for which it is', () => {
  const quote = { acceptedStatuses: ['OK'], intelRoot: true };
  const enclave = { ...quote, mrEnclave: ['00'.repeat(32)], minimumSecurityVersion: 0 };
  const any = { mrTd: ['00'.repeat(48)], rtmr0: 'any', rtmr1: 'any', rtmr2: 'any', rtmr3: 'any' };
  for (const [other, tee] of [
    [enclave, 'sgx'],
    [{ ...enclave, tee: 'sgx' }, 'sgx'],
    [{ ...quote, ...any, tee: 'tdx' }, 'tdx'],
  ] as const) {
    assert.throws(
      () => appraiseSnp(good, parsePolicy(other as unknown), binding, { now }),
      (error) => {
        assert.ok(isEnclosError(error, 'APPRAISAL_REFUSED'));
        assert.deepEqual({ ...error.details }, { field: 'tee', expected: tee, got: 'sev-snp' });
        return true;
      },
    );
  }
  for (const tee of [absent, 'snp', 'SEV-SNP', undefined, null]) refused({ policy: { tee } }, 'tee');
});

test('a time that is none is a mistake of the caller', () => {
  for (const wrong of [new Date(Number.NaN), 0, undefined, { getTime: () => 0 }]) {
    const options = { now: wrong as Date };
    assert.throws(() => appraiseSnp(good, policy, binding, options), { code: 'VERIFIER_MISUSED' });
  }
});

test('a policy is checked and frozen when it is read', () => {
  const parsed = parsePolicy(policy);
  assert.deepEqual(parsed, policy);
  assert.ok(Object.isFrozen(parsed) && Object.isFrozen(parsed.minimumTcb.Milan));
  assert.equal(appraiseSnp(good, parsed, binding, { now }).measurement, goodReport.measurement);
  const { vmpl: _, ...incomplete } = policy;
  for (const [bad, field] of [
    [incomplete, 'vmpl'],
    [{ ...policy, typo: 1 }, 'typo'],
    [{ ...policy, minimumTcb: { Milan: { ...milan, snp: -1 } } }, 'minimumTcb.Milan.snp'],
  ] as const) {
    assert.throws(
      () => parsePolicy(bad),
      (error) => isEnclosError(error, 'APPRAISAL_REFUSED') && error.details['field'] === field,
    );
  }
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
    'tee',
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
    ['chipIds', { chipIds: [hardwareId.slice(64)] }],
    ['minimumReportVersion', { minimumReportVersion: -1 }],
    ['minimumGuestAbi', { minimumGuestAbi: '1.55' }],
    ['minimumGuestAbi.minor', { minimumGuestAbi: { major: 1 } }],
    ['minimumGuestAbi.major', { minimumGuestAbi: { major: 256, minor: 0 } }],
    ['minimumGuestAbi.build', { minimumGuestAbi: { major: 1, minor: 0, build: 1 } }],
    ['requiredProtections', { requiredProtections: [] }],
    ['requiredProtections', { requiredProtections: ['smtAllowed'] }],
    ['maximumCollateralAgeMs', { maximumCollateralAgeMs: { rootCertificate: 1 } }],
    ['expiredCollateralGraceMs', { expiredCollateralGraceMs: { pckCrl: 1 } }],
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
