import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { toHex } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import fc from 'fast-check';
import {
  appraise,
  parseCollateral,
  parsePolicy,
  unbound,
  type AppraisalPolicy,
  type QuoteVerdict,
  type SgxPolicy,
  type SnpPolicy,
  type TdxPolicy,
} from '../src/index.ts';
import { boolean, nested, texts, words } from '../src/policy/policy-rules.ts';
import { verifyQuoteSync } from '../src/node.ts';
import { policySchemaDocument } from './schema/policy-schema.ts';
import { schemaOf } from './schema/rule-schema.ts';
import { goodReport, makePlatform, now, tcbLevel, trustedRoot, type Changes } from './synthetic-platform.ts';
import { moduleLevel, moduleIdentity, tdBody, tdChanges, tdxLevel, teeTcbSvn } from './synthetic-td.ts';

const { fingerprint } = await trustedRoot;
const common = { acceptedStatuses: ['OK'], intelRoot: false, softwareRoots: [fingerprint] } as const;
const sgx = {
  ...common,
  mrEnclave: [toHex(goodReport.mrEnclave)],
  minimumSecurityVersion: 4,
  acceptedStatuses: ['CONFIGURATION_NEEDED'],
  acceptedAdvisoryIds: ['ENCLOS-SA-00001'],
} as const satisfies SgxPolicy;
const tdx = {
  ...common,
  tee: 'tdx',
  mrTd: ['22'.repeat(48)],
  rtmr0: ['30'.repeat(48)],
  rtmr1: ['31'.repeat(48)],
  rtmr2: ['32'.repeat(48), '99'.repeat(48)],
  rtmr3: 'any',
} as const satisfies TdxPolicy;
const nothing = unbound('a test of the other rules');

async function verdictOf(changes: Changes = {}, at = now): Promise<QuoteVerdict> {
  const { quote, collateral, roots } = await makePlatform(changes);
  return verifyQuoteSync(quote, parseCollateral(collateral), { roots, now: at });
}

/** The rule that refuses, or that none does. */
function rule(verdict: QuoteVerdict, policy: unknown, at = now): unknown {
  try {
    // Untyped on purpose: the run-time checks are what these tests are for.
    appraise(verdict, policy as AppraisalPolicy, nothing, { now: at });
  } catch (error) {
    if (isEnclosError(error, 'APPRAISAL_REFUSED')) return error.details['field'];
    throw error;
  }
  return 'accepted';
}

test('evidence of a trust domain that the policy accepts', async () => {
  const verdict = await verdictOf(tdChanges(tdBody('td-1.5')));
  const evidence = appraise(verdict, tdx, { reportData: new Uint8Array(64).fill(9) }, { now });
  const { verdict: _, root: _root, ...facts } = evidence;
  assert.deepEqual(facts, {
    tee: 'tdx',
    mrTd: '22'.repeat(48),
    rtmr0: '30'.repeat(48),
    rtmr1: '31'.repeat(48),
    rtmr2: '32'.repeat(48),
    rtmr3: '33'.repeat(48),
    mrSeam: '11'.repeat(48),
    debug: false,
    reportData: '09'.repeat(64),
    binding: { kind: 'report-data' },
    status: 'OK',
    advisoryIds: [],
    appraisedAt: '2026-01-15T00:00:00Z',
  });
});

test('evidence of one TEE is refused by a policy for another, whatever else holds', async () => {
  const guest = {
    tee: 'sev-snp',
    measurements: ['22'.repeat(48)],
    minimumGuestSvn: 0,
    vmpl: 0,
    roots: [fingerprint],
    signingKeys: ['VCEK'],
    minimumTcb: { Milan: { bootloader: 0, tee: 0, snp: 0, microcode: 0 } },
    allowSmt: true,
    allowMultipleSockets: true,
  } as const satisfies SnpPolicy;
  assert.equal(rule(await verdictOf(), guest), 'tee');
  assert.equal(rule(await verdictOf(tdChanges(tdBody('td-1.0'))), parsePolicy(guest)), 'tee');
  assert.equal(rule(await verdictOf(), tdx), 'tee');
  assert.equal(rule(await verdictOf(tdChanges(tdBody('td-1.0'))), sgx), 'tee');
});

const others = ['00'.repeat(48)];
const tdRules: readonly (readonly [rule: string, policy: object])[] = [
  ['mrTd', { mrTd: others }],
  ['rtmr0', { rtmr0: others }],
  ['rtmr1', { rtmr1: others }],
  ['rtmr2', { rtmr2: others }],
  ['rtmr3', { rtmr3: others }],
  ['mrSeam', { mrSeam: others }],
  ['mrServiceTd', { mrServiceTd: ['01'.repeat(48)] }],
  ['mrConfigId', { mrConfigId: ['01'.repeat(48)] }],
  ['mrOwner', { mrOwner: ['01'.repeat(48)] }],
  ['mrOwnerConfig', { mrOwnerConfig: ['01'.repeat(48)] }],
];

for (const [name, change] of tdRules) {
  test(`a trust domain with another ${name} is refused`, async () => {
    assert.equal(rule(await verdictOf(tdChanges(tdBody('td-1.5'))), { ...tdx, ...change }), name);
  });
}

test('debug, #VE by the host and a service TD only by name', async () => {
  const td = async (changes: Parameters<typeof tdBody>[1]): Promise<QuoteVerdict> =>
    verdictOf(tdChanges(tdBody('td-1.5', changes)));
  const debug = await td({ tdAttributes: 0x1000_0001n });
  assert.equal(rule(debug, tdx), 'allowDebug');
  assert.equal(rule(debug, { ...tdx, allowDebug: true }), 'accepted');
  const septVe = await td({ tdAttributes: 0n });
  assert.equal(rule(septVe, tdx), 'requireSeptVeDisable');
  assert.equal(rule(septVe, { ...tdx, requireSeptVeDisable: true }), 'requireSeptVeDisable');
  assert.equal(rule(septVe, { ...tdx, requireSeptVeDisable: false }), 'accepted');
  const serviceTd = await td({ mrServiceTd: new Uint8Array(48).fill(0xab) });
  assert.equal(rule(serviceTd, tdx), 'mrServiceTd');
  assert.equal(rule(serviceTd, { ...tdx, mrServiceTd: ['AB'.repeat(48)] }), 'accepted');
});

test('a TD 1.5 is judged by its present status as well as by the one that counts for both', async () => {
  const relaunch = await verdictOf(tdChanges(tdBody('td-1.5', { teeTcbSvn: teeTcbSvn(2) })));
  assert.equal(relaunch.status, 'TD_RELAUNCH_ADVISED');
  assert.equal(rule(relaunch, tdx), 'acceptedStatuses');
  const relaunching = { ...tdx, acceptedStatuses: ['TD_RELAUNCH_ADVISED', 'OK'] };
  assert.equal(rule(relaunch, relaunching), 'acceptedAdvisoryIds');
  assert.equal(rule(relaunch, { ...relaunching, acceptedAdvisoryIds: ['M'] }), 'accepted');
  assert.equal(
    rule(relaunch, { ...relaunching, acceptedStatuses: ['TD_RELAUNCH_ADVISED'], acceptedAdvisoryIds: ['M'] }),
    'acceptedStatuses',
  );
  const worse = await verdictOf(tdChanges(tdBody('td-1.5', { teeTcbSvn2: teeTcbSvn(1) })));
  assert.equal(worse.status, 'OK');
  assert.equal(rule(worse, tdx), 'acceptedStatuses');
});

test('advisories of the present count when the present is not OK', async () => {
  const tcbInfo: Changes['tcbInfo'] = (good) => ({
    ...good,
    tcbLevels: [tdxLevel(5, 'UpToDate')],
    tdxModuleIdentities: [
      moduleIdentity('TDX_01', [moduleLevel(3, 'UpToDate')]),
      moduleIdentity('TDX_02', [moduleLevel(1, 'OutOfDate', ['N'])]),
    ],
  });
  const verdict = await verdictOf(tdChanges(tdBody('td-1.5', { teeTcbSvn2: teeTcbSvn(1, 2) }), { tcbInfo }));
  const policy = { ...tdx, acceptedStatuses: ['OK', 'OUT_OF_DATE'] };
  assert.equal(rule(verdict, policy), 'acceptedAdvisoryIds');
  assert.equal(rule(verdict, { ...policy, acceptedAdvisoryIds: ['N'] }), 'accepted');
});

test('an advisory is accepted, and refused, until its date', async () => {
  const verdict = await verdictOf();
  const id = 'ENCLOS-SA-00001';
  const until = (time: string) => [{ id, until: time }];
  assert.equal(rule(verdict, { ...sgx, acceptedAdvisoryIds: until('2026-01-15T00:00:00Z') }), 'accepted');
  assert.equal(rule(verdict, { ...sgx, acceptedAdvisoryIds: until('2026-01-14T23:59:59Z') }), 'acceptedAdvisoryIds');
  assert.equal(rule(verdict, { ...sgx, refusedAdvisoryIds: [id] }), 'refusedAdvisoryIds');
  assert.equal(rule(verdict, { ...sgx, refusedAdvisoryIds: until('2026-01-15T00:00:00Z') }), 'refusedAdvisoryIds');
  assert.equal(rule(verdict, { ...sgx, refusedAdvisoryIds: until('2026-01-14T23:59:59Z') }), 'accepted');
});

test('a refused advisory is refused at a status of OK too', async () => {
  const tcbInfo: Changes['tcbInfo'] = (good) => ({ ...good, tcbLevels: [tcbLevel(3, 'UpToDate', ['N'])] });
  const verdict = await verdictOf({ svns: { component: 3, pce: 3 }, tcbInfo });
  const policy = { ...sgx, acceptedStatuses: ['OK'] };
  assert.equal(rule(verdict, policy), 'accepted');
  assert.equal(rule(verdict, { ...policy, refusedAdvisoryIds: ['N'] }), 'refusedAdvisoryIds');
});

test('grace is for each part of the collateral, with a default for the others', async () => {
  const at = new Date('2026-02-01T01:00:00Z');
  const verdict = await verdictOf({}, at);
  const graced = (expiredCollateralGraceMs: unknown): unknown =>
    rule(verdict, { ...sgx, expiredCollateralGraceMs }, at);
  const hour = 3_600_000;
  assert.equal(graced({ default: hour }), 'accepted');
  assert.equal(graced({ rootCrl: hour, pckCrl: hour, tcbInfo: hour, qeIdentity: hour }), 'accepted');
  assert.equal(graced({ default: hour, pckCrl: hour - 1 }), 'expiredCollateralGraceMs');
  assert.equal(graced({ pckCrl: hour, tcbInfo: hour, qeIdentity: hour }), 'expiredCollateralGraceMs');
});

test('collateral may be refused for its age while it has not ended', async () => {
  const verdict = await verdictOf();
  const aged = (maximumCollateralAgeMs: unknown, at = now): unknown =>
    rule(verdict, { ...sgx, maximumCollateralAgeMs }, at);
  const day = 86_400_000;
  assert.equal(aged(14 * day), 'accepted');
  assert.equal(aged(14 * day - 1), 'maximumCollateralAgeMs');
  assert.equal(aged(14 * day, new Date(now.getTime() + 1)), 'maximumCollateralAgeMs');
  assert.equal(aged({ pckCrl: 7 * day }), 'maximumCollateralAgeMs');
  assert.equal(aged({ default: 7 * day, rootCrl: 30 * day }), 'maximumCollateralAgeMs');
  assert.equal(aged({ default: 14 * day, rootCrl: 30 * day }), 'accepted');
  assert.equal(aged({}), 'accepted');
});

test('the ids of key separation count only with the attribute for it', async () => {
  const report = {
    attributes: { flags: 0x85n, xfrm: 3n },
    isvExtProdId: new Uint8Array(16).fill(1),
    isvFamilyId: new Uint8Array(16).fill(2),
    configId: new Uint8Array(64).fill(3),
    configSvn: 5,
  };
  const verdict = await verdictOf({ report });
  const good = {
    extendedProductId: ['01'.repeat(16)],
    familyId: ['02'.repeat(16)],
    configId: ['03'.repeat(64)],
    minimumConfigSecurityVersion: 5,
  };
  assert.equal(rule(verdict, { ...sgx, ...good }), 'accepted');
  const changes = {
    extendedProductId: ['ff'.repeat(16)],
    familyId: ['ff'.repeat(16)],
    configId: ['ff'.repeat(64)],
    minimumConfigSecurityVersion: 6,
  };
  const zeros = { extendedProductId: ['00'.repeat(16)], familyId: ['00'.repeat(16)], configId: ['00'.repeat(64)] };
  const plain = await verdictOf();
  for (const [name, change] of Object.entries(changes)) {
    assert.equal(rule(verdict, { ...sgx, ...good, [name]: change }), name);
  }
  for (const [name, zero] of Object.entries({ ...zeros, minimumConfigSecurityVersion: 0 })) {
    assert.equal(rule(plain, { ...sgx, [name]: zero }), name);
  }
});

test('the time floor can be text', async () => {
  const verdict = await verdictOf();
  assert.equal(rule(verdict, { ...sgx, timeFloor: '2026-01-15T00:00:00Z' }), 'accepted');
  assert.equal(rule(verdict, { ...sgx, timeFloor: '2026-01-15T00:00:00.001Z' }), 'timeFloor');
});

const malformed: readonly (readonly [rule: string, policy: object])[] = [
  ['tee', { ...tdx, tee: 'sev' }],
  ['mrTd', { ...tdx, mrTd: ['22'.repeat(32)] }],
  ['mrTd', { ...tdx, mrTd: 'any' }],
  ['rtmr0', { ...tdx, rtmr0: [] }],
  ['rtmr3', { ...tdx, rtmr3: 'ANY' }],
  ['mrServiceTd', { ...tdx, mrServiceTd: [] }],
  ['requireSeptVeDisable', { ...tdx, requireSeptVeDisable: 'no' }],
  ['mrEnclave', { ...tdx, mrEnclave: sgx.mrEnclave }],
  ['rtmr0', { ...sgx, rtmr0: 'any' }],
  ['familyId', { ...sgx, familyId: ['00'] }],
  ['acceptedAdvisoryIds', { ...sgx, acceptedAdvisoryIds: [{ id: 'A' }] }],
  ['acceptedAdvisoryIds', { ...sgx, acceptedAdvisoryIds: [{ id: 'A', until: '2026-01-01' }] }],
  ['acceptedAdvisoryIds', { ...sgx, acceptedAdvisoryIds: [{ id: 'A', until: '2026-13-01T00:00:00Z' }] }],
  ['acceptedAdvisoryIds', { ...sgx, acceptedAdvisoryIds: [{ id: 'A', until: '2026-01-01T00:00:00Z', from: 1 }] }],
  ['refusedAdvisoryIds', { ...sgx, refusedAdvisoryIds: 'A' }],
  ['expiredCollateralGraceMs', { ...sgx, expiredCollateralGraceMs: { tcb: 1 } }],
  ['expiredCollateralGraceMs', { ...sgx, expiredCollateralGraceMs: { tcbInfo: -1 } }],
  ['maximumCollateralAgeMs', { ...sgx, maximumCollateralAgeMs: { rootCertificate: 1 } }],
  ['maximumCollateralAgeMs', { ...sgx, maximumCollateralAgeMs: null }],
  ['timeFloor', { ...sgx, timeFloor: 0 }],
  ['constructor', { ...sgx, constructor: 1 }],
  ['toString', { ...sgx, toString: 'any' }],
  ...['mrTd', 'rtmr0', 'rtmr1', 'rtmr2', 'rtmr3', 'acceptedStatuses', 'intelRoot', 'softwareRoots'].map(
    (name) => [name, Object.fromEntries(Object.entries(tdx).filter(([other]) => other !== name))] as const,
  ),
];

for (const [name, policy] of malformed) {
  test(`a malformed policy is refused by ${name}: ${JSON.stringify(policy).slice(0, 60)}`, async () => {
    const verdict = await verdictOf('mrTd' in policy ? tdChanges(tdBody('td-1.0')) : {});
    assert.equal(rule(verdict, policy), name);
    assert.throws(
      () => parsePolicy(policy as unknown),
      (error) => isEnclosError(error, 'APPRAISAL_REFUSED') && error.details['field'] === name,
    );
  });
}

test('a parsed policy is frozen data, from an object or from text, and judges alike', async () => {
  const verdict = await verdictOf();
  const written = { ...sgx, timeFloor: new Date('2026-01-01T00:00:00Z'), expiredCollateralGraceMs: { default: 1 } };
  const policy = parsePolicy(written);
  assert.deepEqual(JSON.parse(JSON.stringify(policy)), { ...written, timeFloor: '2026-01-01T00:00:00.000Z' });
  assert.ok(Object.isFrozen(policy) && Object.isFrozen(policy.acceptedStatuses));
  assert.ok(Object.isFrozen(policy.expiredCollateralGraceMs));
  assert.equal(rule(verdict, policy), 'accepted');
  assert.equal(rule(verdict, parsePolicy(JSON.stringify(policy))), 'accepted');
  assert.equal(rule(verdict, parsePolicy({ ...policy, $schema: './policy.schema.json' })), 'accepted');
  assert.throws(
    () => parsePolicy('{"tee":"sgx","tee":"tdx"}'),
    (error) => isEnclosError(error, 'CODEC_INVALID'),
  );
  assert.throws(
    () => parsePolicy('{'),
    (error) => isEnclosError(error, 'CODEC_INVALID'),
  );
});

test('a policy may name the TEE that is meant when none is named', async () => {
  assert.equal(rule(await verdictOf(), { ...sgx, tee: 'sgx' }), 'accepted');
});

const maxima: readonly (readonly [rule: string, maximum: number])[] = [
  ['productId', 65_535],
  ['minimumSecurityVersion', 65_535],
  ['minimumConfigSecurityVersion', 65_535],
  ['minimumTcbEvaluationDataNumber', 0xffff_ffff],
  ['expiredCollateralGraceMs', Number.MAX_SAFE_INTEGER],
];

for (const [name, maximum] of maxima) {
  test(`the greatest ${name} of a policy`, () => {
    const parse = (value: number): unknown => parsePolicy({ ...sgx, [name]: value });
    assert.doesNotThrow(() => parse(maximum));
    assert.throws(
      () => parse(maximum + 1),
      (error) => isEnclosError(error, 'APPRAISAL_REFUSED') && error.details['field'] === name,
    );
  });
}

test('the text of a policy has at most a mebibyte', () => {
  const text = JSON.stringify(sgx);
  assert.doesNotThrow(() => parsePolicy(text.padEnd(1_048_576)));
  assert.throws(
    () => parsePolicy(text.padEnd(1_048_577)),
    (error) => isEnclosError(error, 'CODEC_OUT_OF_RANGE'),
  );
});

test('a rule that is there without a value is refused when a policy is parsed, not lost', () => {
  assert.throws(
    () => parsePolicy({ ...sgx, mrSigner: undefined }),
    (error) => isEnclosError(error, 'APPRAISAL_REFUSED') && error.details['field'] === 'mrSigner',
  );
});

test('a policy that changes while it is read cannot become another one', async () => {
  let reads = 0;
  const policy = Object.defineProperty({ ...sgx }, 'minimumSecurityVersion', {
    enumerable: true,
    get: () => (++reads > 1 ? 0 : 9),
  });
  const frozen = parsePolicy(policy as unknown) as SgxPolicy;
  const low = await verdictOf({ report: { isvSvn: 3 } });
  const readsOfParsing = reads;
  const expected = frozen.minimumSecurityVersion > 3 ? 'minimumSecurityVersion' : 'accepted';
  assert.deepEqual([rule(low, frozen), rule(low, frozen), reads], [expected, expected, readsOfParsing]);
});

test('the published JSON Schema is the one that the code makes', () => {
  // To renew it, write JSON.stringify(policySchemaDocument(), null, 2) there and format it.
  const published = readFileSync(new URL('../../schema/policy.schema.json', import.meta.url), 'utf8');
  assert.deepEqual(JSON.parse(published), JSON.parse(JSON.stringify(policySchemaDocument())));
});

test('arbitrary policies are accepted or refused by a rule, and throw nothing else', async () => {
  const verdict = await verdictOf();
  const names = [...Object.keys(sgx), ...Object.keys(tdx), 'timeFloor', 'maximumCollateralAgeMs', 'refusedAdvisoryIds'];
  const change = fc.dictionary(fc.constantFrom(...names), fc.jsonValue({ maxDepth: 2 }), { noNullPrototype: true });
  fc.assert(
    fc.property(change, (changes) => {
      assert.equal(typeof rule(verdict, { ...sgx, ...changes }), 'string');
    }),
    { numRuns: 300 },
  );
});

test('what describes a rule for editors says what reading it accepts, also of rules for one TEE only', () => {
  assert.deepEqual(schemaOf(texts), { type: 'array', minItems: 1, items: { type: 'string' } });
  assert.deepEqual(schemaOf(words(['A', 'B'])), { type: 'array', minItems: 1, items: { enum: ['A', 'B'] } });
  const inner = nested({ yes: boolean, names: texts }, ['yes']);
  assert.deepEqual(schemaOf(inner), {
    type: 'object',
    properties: { yes: { type: 'boolean' }, names: schemaOf(texts) },
    required: ['yes'],
    additionalProperties: false,
  });
  for (const empty of [[], ['C'], 'A', undefined]) assert.equal(words(['A', 'B']).read(empty), undefined);
  assert.deepEqual(words(['A', 'B']).read(['B']), ['B']);
});
