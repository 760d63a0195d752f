import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toHex } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import {
  appraise,
  isVerifiedEvidence,
  parseCollateral,
  unbound,
  verifyQuote,
  type Binding,
  type QuoteVerdict,
  type SgxPolicy,
} from '../src/index.ts';
import { makeVerdict } from '../src/dcap/verdict.ts';
import { goodReport, makePlatform, now, tcbLevel, trustedRoot, type Changes } from './synthetic-platform.ts';

async function verdictOf(changes: Changes = {}, at = now): Promise<QuoteVerdict> {
  const { quote, collateral, roots } = await makePlatform(changes);
  return verifyQuote(quote, parseCollateral(collateral), { roots, now: at });
}

const mrEnclave = toHex(goodReport.mrEnclave);
const mrSigner = toHex(goodReport.mrSigner);
const { fingerprint } = await trustedRoot;
const policy = {
  mrEnclave: [mrEnclave],
  minimumSecurityVersion: 4,
  acceptedStatuses: ['CONFIGURATION_NEEDED'],
  acceptedAdvisoryIds: ['ENCLOS-SA-00001'],
  intelRoot: false,
  softwareRoots: [fingerprint],
} as const satisfies SgxPolicy;
const binding: Binding = { reportData: goodReport.reportData };
/** Takes a rule out of the good policy: one that is there without a value is refused. */
const absent = Symbol('absent');

interface Attempt {
  readonly verdict?: QuoteVerdict;
  /** Merged over the good policy, without what is `absent`; as untyped callers may write it. */
  readonly policy?: object;
  readonly binding?: Binding;
  readonly now?: Date;
}

async function attempt(given: Attempt): Promise<unknown> {
  const verdict = given.verdict ?? (await verdictOf());
  // Untyped on purpose: the run-time checks are what these tests are for.
  const entries = Object.entries({ ...policy, ...given.policy }).filter(
    ([, value]: [string, unknown]) => value !== absent,
  );
  const rules = Object.fromEntries(entries) as unknown as SgxPolicy;
  return appraise(verdict, rules, given.binding ?? binding, { now: given.now ?? now });
}

async function refused(given: Attempt, details: Record<string, unknown>): Promise<void> {
  await assert.rejects(attempt(given), (error) => {
    assert.ok(isEnclosError(error, 'APPRAISAL_REFUSED'), String(error));
    assert.equal(error.kind, 'policy');
    const found = Object.fromEntries(Object.keys(details).map((key) => [key, error.details[key]]));
    assert.deepEqual(found, details);
    return true;
  });
}

test('evidence that the policy accepts', async () => {
  const verdict = await verdictOf();
  const evidence = appraise(verdict, policy, binding, { now });
  assert.deepEqual(
    { ...evidence },
    {
      tee: 'sgx',
      mrEnclave,
      mrSigner,
      productId: 7,
      securityVersion: 4,
      debug: false,
      reportData: toHex(goodReport.reportData),
      binding: { kind: 'report-data' },
      status: 'CONFIGURATION_NEEDED',
      advisoryIds: ['ENCLOS-SA-00001'],
      root: verdict.root,
      appraisedAt: '2026-01-15T00:00:00Z',
      verdict,
    },
  );
  assert.ok(Object.isFrozen(evidence) && isVerifiedEvidence(evidence));
  assert.ok(!isVerifiedEvidence({ ...evidence }));
});

test('by signer and product', async () => {
  await attempt({ policy: { mrEnclave: absent, mrSigner: [mrSigner.toUpperCase()], productId: 7 } });
  await refused({ policy: { mrSigner: ['00'.repeat(32)], productId: 7 } }, { field: 'mrSigner', got: mrSigner });
  await refused({ policy: { mrSigner: [mrSigner], productId: 8 } }, { field: 'productId', expected: 8, got: 7 });
});

const rules: readonly (readonly [what: string, policy: object, details: Record<string, unknown>])[] = [
  [
    'another enclave',
    { mrEnclave: ['00'.repeat(32)] },
    { field: 'mrEnclave', expected: ['00'.repeat(32)], got: mrEnclave },
  ],
  ['a lower security version', { minimumSecurityVersion: 5 }, { field: 'minimumSecurityVersion', expected: 5, got: 4 }],
  [
    'another status',
    { acceptedStatuses: ['OK'] },
    { field: 'acceptedStatuses', expected: ['OK'], got: 'CONFIGURATION_NEEDED' },
  ],
  [
    'an advisory that is not listed',
    { acceptedAdvisoryIds: ['X'] },
    { field: 'acceptedAdvisoryIds', got: ['ENCLOS-SA-00001'] },
  ],
  [
    'no advisory list at all',
    { acceptedAdvisoryIds: absent },
    { field: 'acceptedAdvisoryIds', got: ['ENCLOS-SA-00001'] },
  ],
  ['another software root', { softwareRoots: ['00'.repeat(32)] }, { field: 'softwareRoots', got: fingerprint }],
  [
    'a software root under a policy for Intel',
    { intelRoot: true, softwareRoots: absent },
    { field: 'softwareRoots', got: fingerprint },
  ],
  [
    'a low evaluation number',
    { minimumTcbEvaluationDataNumber: 18 },
    { field: 'minimumTcbEvaluationDataNumber', expected: 18, got: 17 },
  ],
  [
    'a clock before the floor',
    { timeFloor: new Date('2026-01-15T00:00:01Z') },
    { field: 'timeFloor', got: '2026-01-15T00:00:00Z' },
  ],
];

for (const [what, change, details] of rules) test(`refused: ${what}`, () => refused({ policy: change }, details));

test('a debug enclave only by name', async () => {
  const verdict = await verdictOf({ report: { attributes: { flags: 7n, xfrm: 3n } } });
  await refused({ verdict }, { field: 'allowDebug' });
  await attempt({ verdict, policy: { allowDebug: true } });
});

test('expired collateral only within the grace', async () => {
  const at = new Date('2026-02-01T01:00:00Z');
  const verdict = await verdictOf({}, at);
  await refused(
    { verdict, now: at },
    { field: 'expiredCollateralGraceMs', got: ['rootCrl', 'pckCrl', 'tcbInfo', 'qeIdentity'] },
  );
  await refused(
    { verdict, now: at, policy: { expiredCollateralGraceMs: 3_599_999 } },
    { field: 'expiredCollateralGraceMs' },
  );
  await attempt({ verdict, now: at, policy: { expiredCollateralGraceMs: 3_600_000 } });
});

test('collateral that expired between verification and appraisal counts', async () => {
  await refused(
    { now: new Date('2026-02-01T00:00:01Z') },
    { field: 'expiredCollateralGraceMs', expected: 0, got: ['rootCrl', 'pckCrl', 'tcbInfo', 'qeIdentity'] },
  );
});

test('what begins in the future only by name', async () => {
  const future = new Date('2026-01-16T00:00:00Z');
  for (const changes of [{ pck: { notBefore: future } }, { rootCrl: { thisUpdate: future } }] satisfies Changes[]) {
    const verdict = await verdictOf(changes);
    await refused({ verdict }, { field: 'allowNotYetValid' });
    await attempt({ verdict, policy: { allowNotYetValid: true } });
  }
  await refused({ now: new Date('2025-12-31T00:00:00Z') }, { field: 'allowNotYetValid', got: '2026-01-01T00:00:00Z' });
});

test('what began in the future when it was verified still counts at a later appraisal', async () => {
  const future = new Date('2026-01-16T00:00:00Z');
  const later = new Date('2026-01-17T00:00:00Z');
  const pck = await verdictOf({ pck: { notBefore: future } });
  assert.ok(pck.pckNotYetValid);
  const crl = await verdictOf({ rootCrl: { thisUpdate: future } });
  assert.ok(!crl.pckNotYetValid);
  await refused({ verdict: pck, now: later }, { field: 'allowNotYetValid' });
  await refused({ verdict: crl, now: later }, { field: 'allowNotYetValid', got: ['rootCrl'] });
  const issued = new Date('2026-01-01T00:00:00Z');
  await attempt({ now: issued });
  await refused({ now: new Date(issued.getTime() - 1) }, { field: 'allowNotYetValid', got: '2026-01-01T00:00:00Z' });
});

test('an advisory with a date is judged by the later of verification and appraisal', async () => {
  const verdict = await verdictOf();
  const acceptedAdvisoryIds = [{ id: 'ENCLOS-SA-00001', until: '2026-01-14T00:00:00Z' }];
  await refused(
    { verdict, now: new Date('2026-01-13T00:00:00Z'), policy: { acceptedAdvisoryIds } },
    {
      field: 'acceptedAdvisoryIds',
    },
  );
});

test('the lowest evaluation number that is enough', async () => {
  await attempt({ policy: { minimumTcbEvaluationDataNumber: 17 } });
});

test('the time floor also holds for the time of verification', async () => {
  const verdict = await verdictOf({}, new Date('2026-01-02T00:00:00Z'));
  await refused(
    { verdict, policy: { timeFloor: new Date('2026-01-10T00:00:00Z') } },
    { field: 'timeFloor', got: '2026-01-02T00:00:00Z' },
  );
});

test('a status of OK needs no word about advisories', async () => {
  const verdict = await verdictOf({
    svns: { component: 3, pce: 3 },
    tcbInfo: (good) => ({ ...good, tcbLevels: [tcbLevel(3, 'UpToDate', ['N'])] }),
  });
  assert.deepEqual(verdict.advisoryIds, ['N']);
  await attempt({ verdict, policy: { acceptedStatuses: ['OK'], acceptedAdvisoryIds: absent } });
});

const incomplete: readonly (readonly [field: string, policy: object])[] = [
  ['mrEnclave', { mrEnclave: absent }],
  ['mrEnclave', { mrEnclave: [] }],
  ['mrEnclave', { mrEnclave: ['abc'] }],
  ['mrEnclave', { mrEnclave: mrEnclave }],
  ['productId', { mrSigner: [mrSigner] }],
  ['productId', { mrSigner: [mrSigner], productId: 65_536 }],
  ['mrSigner', { mrSigner: [], productId: 7 }],
  ['minimumSecurityVersion', { minimumSecurityVersion: absent }],
  ['minimumSecurityVersion', { minimumSecurityVersion: '4' }],
  ['minimumSecurityVersion', { minimumSecurityVersion: -1 }],
  ['acceptedStatuses', { acceptedStatuses: absent }],
  ['acceptedStatuses', { acceptedStatuses: [] }],
  ['acceptedStatuses', { acceptedStatuses: ['REVOKED'] }],
  ['acceptedStatuses', { acceptedStatuses: ['OK', 'TCB_NOT_SUPPORTED'] }],
  ['mrEnclave', { mrEnclave: [mrEnclave, 'abc'] }],
  ['mrEnclave', { mrEnclave: [mrEnclave, 7] }],
  ['intelRoot', { intelRoot: absent }],
  ['intelRoot', { intelRoot: 'yes' }],
  ['softwareRoots', { softwareRoots: absent }],
  ['softwareRoots', { softwareRoots: ['*'] }],
  ['acceptedAdvisoryIds', { acceptedAdvisoryIds: [1] }],
  ['allowDebug', { allowDebug: 1 }],
  ['allowNotYetValid', { allowNotYetValid: 'true' }],
  ['expiredCollateralGraceMs', { expiredCollateralGraceMs: Number.POSITIVE_INFINITY }],
  ['timeFloor', { timeFloor: '2026-01-01' }],
  ['timeFloor', { timeFloor: new Date(Number.NaN) }],
  ['minimumTcbEvaluationDataNumber', { minimumTcbEvaluationDataNumber: 1.5 }],
  ['minSecurityVersion', { minSecurityVersion: 4 }],
];

for (const [field, change] of incomplete) {
  const shown = JSON.stringify(change, (_, value: unknown) => (value === absent ? 'absent' : value));
  test(`an incomplete policy is a refusal that names ${field}: ${shown}`, () =>
    refused({ policy: change }, { field, got: 'an incomplete policy' }));
}

const names = [...Object.keys(policy), 'mrSigner', 'productId', 'allowDebug', 'timeFloor', 'notARule'];
for (const name of names) {
  test(`a policy whose ${name} is there without a value is refused by that name`, () =>
    refused({ policy: { [name]: undefined } }, { field: name }));
}

test('a policy that inherits, and one with a symbol, is refused', async () => {
  const verdict = await verdictOf();
  class Rules {
    readonly mrEnclave = policy.mrEnclave;
  }
  const inherited = Object.create({ mrEnclave: ['00'.repeat(32)], minimumTcbEvaluationDataNumber: 99 }) as object;
  const bad: readonly (readonly [field: string, rules: object])[] = [
    ['policy', Object.assign(inherited, policy)],
    ['policy', Object.assign(new Rules(), policy)],
    ['policy', Object.assign([], policy)],
    ['Symbol(rule)', { ...policy, [Symbol('rule')]: 1 }],
    ['hidden', Object.defineProperty({ ...policy }, 'hidden', { value: 1 })],
  ];
  for (const [field, given] of bad) {
    assert.throws(
      () => appraise(verdict, given as SgxPolicy, binding, { now }),
      (error) => isEnclosError(error, 'APPRAISAL_REFUSED') && error.details['field'] === field,
      field,
    );
  }
  const bare = Object.assign(Object.create(null) as object, policy);
  assert.equal(appraise(verdict, bare, binding, { now }).mrEnclave, mrEnclave);
});

test('nothing of a verdict or of evidence is bytes or can be changed', async () => {
  const verdict = await verdictOf();
  const seen = new Set<unknown>();
  const check = (value: unknown, at: string): void => {
    assert.ok(!(ArrayBuffer.isView(value) || value instanceof Map || value instanceof Set), at);
    if (typeof value !== 'object' || value === null || seen.has(value)) return;
    seen.add(value);
    assert.ok(Object.isFrozen(value), at);
    for (const [name, inner] of Object.entries(value)) check(inner, `${at}.${name}`);
  };
  check(appraise(verdict, policy, binding, { now }), 'evidence');
  check(verdict, 'verdict');
});

test('no policy at all is a refusal', async () => {
  const verdict = await verdictOf();
  for (const none of [undefined, null, 'any']) {
    // As an untyped caller would.
    assert.throws(
      () => appraise(verdict, none as unknown as SgxPolicy, binding, { now }),
      (error) => isEnclosError(error, 'APPRAISAL_REFUSED'),
    );
  }
});

test('the binding is mandatory and exact', async () => {
  await refused({ binding: { reportData: new Uint8Array(64) } }, { field: 'binding' });
  const malformed: readonly unknown[] = [
    undefined,
    null,
    {},
    { reportData: 'x' },
    { reportData: new Uint8Array(32) },
    { unbound: '' },
  ];
  const both = { reportData: goodReport.reportData, unbound: 'x' };
  const verdict = await verdictOf();
  for (const bad of [...malformed, both]) {
    // As an untyped caller would.
    assert.throws(
      () => appraise(verdict, policy, bad as Binding, { now }),
      (error) => isEnclosError(error, 'VERIFIER_MISUSED'),
    );
  }
  for (const reason of ['', ' ', 7, undefined]) {
    // As an untyped caller would.
    assert.throws(
      () => unbound(reason as string),
      (error) => isEnclosError(error, 'VERIFIER_MISUSED'),
    );
  }
  const evidence = appraise(verdict, policy, unbound('inspection'), { now });
  assert.deepEqual(evidence.binding, { kind: 'unbound', reason: 'inspection' });
});

test('a verdict cannot be built, copied or changed', async () => {
  const verdict = await verdictOf();
  assert.throws(
    () => appraise({ ...verdict }, policy, binding, { now }),
    (error) => isEnclosError(error, 'VERIFIER_MISUSED'),
  );
  assert.equal(appraise(verdict, policy, binding, { now }).mrEnclave, mrEnclave);
});

test('an invalid time is misuse', async () => {
  const text = '2026-01-15T00:00:00Z' as unknown as Date;
  await assert.rejects(attempt({ now: text }), (error) => isEnclosError(error, 'VERIFIER_MISUSED'));
  await assert.rejects(attempt({ now: new Date(Number.NaN) }), (error) => isEnclosError(error, 'VERIFIER_MISUSED'));
});

test('a platform under Intel’s root needs intelRoot', async () => {
  const { root: software, ...facts } = await verdictOf();
  const verdict = makeVerdict({ ...facts, root: { ...software, kind: 'intel' } });
  await refused({ verdict }, { field: 'intelRoot' });
  await attempt({ verdict, policy: { intelRoot: true } });
});
