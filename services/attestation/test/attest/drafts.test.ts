import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultPolicies, strictPolicies } from '@enclos/claim-rules';
import { snpScenario, type ScenarioChanges } from '@enclos/evidence-kit';
import { toHex } from '@enclos/codec';
import { searchingDraft } from '@enclos/testkit';
import { decodeJwt } from 'jose';
import { attest, type AttestResult } from '../../src/attest/attest.ts';
import type { AttestRequest } from '../../src/attest/attest-request.ts';
import { DraftLine } from '../../src/attest/draft-line.ts';
import { toldOf, type Told } from '../errors.ts';
import {
  binary,
  collateralSource,
  json,
  pemOf,
  refusalOf,
  site,
  snpDocument,
  snpVerifier,
  softwareSite,
  type Site,
  type SoftwareSite,
} from './scene.ts';

const hostile = searchingDraft();
const permitting = 'version=1.0; authorizationrules { => permit(); };';
const naming = (identifier: string): string =>
  `version=1.1; configurationrules { => issueproperty(type="x-ms-sgx-tcbidentifier", value=${identifier}); }; authorizationrules { => permit(); };`;

function flipped(bytes: Uint8Array, at: number): Uint8Array {
  const changed = bytes.slice();
  changed[at] = (changed[at] ?? 0) ^ 1;
  return changed;
}

/** Evidence of a software platform that is refused, by what is wrong with it. */
const refused: readonly (readonly [string, (where: SoftwareSite) => AttestRequest, string])[] = [
  [
    'is garbage',
    ({ request }) => ({ ...request, evidence: new Uint8Array(600).fill(7) }),
    '400 InvalidParameter evidence-format',
  ],
  [
    'is cut off',
    ({ request }) => ({ ...request, evidence: request.evidence.slice(0, -9) }),
    '400 InvalidParameter evidence-format',
  ],
  [
    'has another report than was signed',
    ({ request }) => ({ ...request, evidence: flipped(request.evidence, 100) }),
    '400 InvalidParameter evidence',
  ],
  [
    'has a certificate that was changed',
    ({ request }) => ({ ...request, evidence: flipped(request.evidence, request.evidence.length - 600) }),
    '400 InvalidParameter evidence',
  ],
  [
    'binds other data',
    ({ request }) => ({ ...request, runtimeData: binary(Uint8Array.of(1)) }),
    '400 InvalidParameter runtimeData-hash',
  ],
  [
    'has a nonce that is too long',
    ({ request }) => ({ ...request, nonce: 'n'.repeat(5000) }),
    '400 InvalidParameter nonce',
  ],
];

for (const [what, change, refusal] of refused) {
  test(`beside evidence that ${what}, a draft is charged nothing`, async () => {
    for (const draftPolicy of [hostile, 'version=', 'a'.repeat(1_000_000), naming('"newest"')]) {
      const where = await softwareSite();
      const said = await refusalOf({ ...change(where), draftPolicy }, where);
      assert.ok(said.startsWith(refusal), said);
      assert.equal(where.evaluation.looks, 0);
    }
  });
}

test('beside evidence of a platform that is not trusted, a draft is charged nothing', async () => {
  const where = await softwareSite({}, { configuration: { softwareRoots: [] } });
  assert.match(await refusalOf({ ...where.request, draftPolicy: hostile }, where), /^400 InvalidParameter /);
  assert.equal(where.evaluation.looks, 0);
});

test('beside a report of SEV-SNP with another signature, a draft is charged nothing', async () => {
  const made = snpScenario({ rsaBits: 4096 });
  const chain = pemOf(made.leaf, made.ask, made.ark);
  const where = await site({
    endorsements: collateralSource({ certificate_chain: chain, crl: toHex(made.crl) }),
    at: made.at,
    verifier: snpVerifier(made),
  });
  const of = (report: Uint8Array): AttestRequest => ({
    type: 'SevSnpVm',
    evidence: snpDocument(report, chain),
    draftPolicy: hostile,
  });
  assert.match(await refusalOf(of(flipped(made.report, 0x90)), where), /^400 InvalidParameter /);
  assert.equal(where.evaluation.looks, 0);
  assert.equal(await refusalOf(of(made.report), where), '400 PolicyEvaluationError CLAIM_RULES_LIMIT');
  assert.ok(where.evaluation.looks > 0);
});

test('beside genuine evidence a draft that searches ends by the steps of drafts, and a small one gives a token', async () => {
  const where = await softwareSite();
  const error = await failureOf({ ...where.request, draftPolicy: hostile }, where);
  assert.equal(error.message, 'Policy evaluation failed. The evaluation takes more than 32000 steps (maxSteps).');
  const { token } = await attest({ ...where.request, draftPolicy: permitting }, where.context);
  assert.equal(decodeJwt(token)['x-enclos-draft'], true);
});

test('a draft that works for long on claims ends by the steps of drafts; the same policy of the tenant does not', async () => {
  const rules = Array.from({ length: 700 }, (_, index) => `=> add(type="n", value=${index});`).join('');
  const draftPolicy = `version=1.0; authorizationrules { ${rules} => permit(); };`;
  const where = await softwareSite({}, { policies: { SgxEnclave: draftPolicy } });
  assert.equal(
    await refusalOf({ ...where.request, draftPolicy }, where),
    '400 PolicyEvaluationError CLAIM_RULES_LIMIT',
  );
  assert.ok((await attest(where.request, where.context)).token.length > 100);
});

test('a draft has 32 KiB at most, however few characters these are', async () => {
  const where = await softwareSite();
  for (const filler of [' '.repeat(32_768), 'é'.repeat(16_384)]) {
    const draftPolicy = `${permitting}//${filler}`;
    assert.equal(await refusalOf({ ...where.request, draftPolicy }, where), '400 PolicyParsingError draft-policy');
  }
  assert.equal(where.evaluation.looks, 0);
});

test('the policies that come with the service are drafts that give tokens', async () => {
  for (const policies of [defaultPolicies, strictPolicies]) {
    const where = await softwareSite();
    const { token } = await attest({ ...where.request, draftPolicy: policies.SgxEnclave }, where.context);
    assert.equal(decodeJwt(token)['x-enclos-draft'], true);
  }
});

const [tenantNumber, laterNumber] = [15, 17];
const numbered = (evaluation: number): ScenarioChanges => ({
  tcbInfo: (good) => ({ ...good, tcbEvaluationDataNumber: evaluation }),
  qeIdentity: (good) => ({ ...good, tcbEvaluationDataNumber: evaluation }),
});

test('a draft that names another baseline is verified at both, and judged at that one', async () => {
  const served = new Map(
    await Promise.all(
      [tenantNumber, laterNumber].map(async (evaluation) => {
        const { platform } = await softwareSite(numbered(evaluation));
        return [evaluation, platform.collateral] as const;
      }),
    ),
  );
  const where = await softwareSite(numbered(laterNumber), {
    configuration: { baseline: { evaluationDataNumber: tenantNumber } },
    endorsements: ({ evaluationNumber = 0 }) => Promise.resolve(json(served.get(evaluationNumber))),
  });
  for (const [draftPolicy, asked, number] of [
    [permitting, [tenantNumber], tenantNumber],
    [naming(`"${laterNumber}"`), [laterNumber], laterNumber],
    [naming('"azuredefault"'), [], tenantNumber],
  ] as const) {
    where.asked.length = 0;
    const { token } = await attest({ ...where.request, draftPolicy }, where.context);
    assert.deepEqual(
      where.asked.map(({ evaluationNumber }) => evaluationNumber),
      asked,
    );
    assert.equal((decodeJwt(token)['x-enclos-tcb'] as { evaluationDataNumber: number }).evaluationDataNumber, number);
  }
});

test('the status that counts for a draft is that of the baseline it names', async () => {
  const levels = { platform: 'earliest', platformStatuses: { earliest: 'OutOfDate' } } as const;
  const [old, current] = [
    await softwareSite({ ...levels, ...numbered(laterNumber) }),
    await softwareSite({ platform: 'earliest', platformStatuses: { earliest: 'UpToDate' }, ...numbered(tenantNumber) }),
  ].map(({ platform }) => platform.collateral);
  for (const [named, isAccepted] of [
    [laterNumber, false],
    [tenantNumber, true],
  ] as const) {
    const where = await softwareSite(levels, {
      // Whatever the tenant has without a number is the other one.
      endorsements: ({ evaluationNumber }) =>
        Promise.resolve(
          json(
            (evaluationNumber ?? 0) === tenantNumber || (evaluationNumber === undefined && !isAccepted) ? current : old,
          ),
        ),
    });
    const said = await refusalOf({ ...where.request, draftPolicy: naming(`"${named}"`) }, where);
    assert.equal(said, isAccepted ? 'it was not refused' : '400 InvalidParameter tcb-status');
  }
});

test('configuration of the tenant that fails is evaluated once, and not for each request', async () => {
  const rules = Array.from({ length: 100 }, (_, index) => `=> issueproperty(type="p", value=${index});`).join('');
  const policy = `version=1.2; configurationrules { ${rules} c:[type=="p"] => issueproperty(type="q", value=NegateBool(c.value)); }; authorizationrules {};`;
  const where = await softwareSite({}, { policies: { SgxEnclave: policy } });
  const first = await failureOf(where.request, where);
  assert.equal(first.code, 'PolicyEvaluationError');
  const { looks } = where.evaluation;
  assert.ok(looks > 0);
  assert.equal((await failureOf(where.request, where)).message, first.message);
  assert.equal(where.evaluation.looks, looks);
});

test('drafts wait for each other, and others do not wait for them', async () => {
  const where = await softwareSite({}, { policies: { SgxEnclave: permitting } });
  const resume: (() => void)[] = [];
  const turns = { ...where.context.turns, pause: () => new Promise<void>((resolve) => void resume.push(resolve)) };
  const context = { ...where.context, turns, drafts: new DraftLine() };
  const done: string[] = [];
  const drafted = ['first', 'second'].map(async (name) => {
    await attest({ ...where.request, draftPolicy: permitting }, context);
    done.push(name);
  });
  await attest(where.request, context);
  done.push('other');
  const waiting = (): number => resume.length;
  assert.equal(waiting(), 1);
  // Each draft takes three turns: to begin, for its configuration, and for the rest.
  for (let turn = 0; turn < 6; turn++) {
    for (let tries = 0; waiting() === 0 && tries < 1000; tries++) await new Promise(setImmediate);
    assert.equal(waiting(), 1);
    resume.pop()?.();
  }
  await Promise.all(drafted);
  assert.deepEqual(done, ['other', 'first', 'second']);
});

test('a tenant has 24 drafts under way, and all tenants have 96; further ones are refused, and no other request is', async () => {
  const sites = await Promise.all(Array.from({ length: 5 }, () => softwareSite()));
  const drafts = new DraftLine();
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  const held = sites.map(({ context, ...where }) => ({
    ...where,
    context: { ...context, drafts, turns: { ...context.turns, pause: () => opened } },
  }));
  const begun: Promise<AttestResult | undefined>[] = held.slice(0, 4).flatMap(({ request, context }) => {
    const draft = { ...request, draftPolicy: permitting };
    return Array.from({ length: 24 }, () => attest(draft, context));
  });
  for (const where of [held[0], held[4]]) {
    assert.ok(where !== undefined);
    const refusals: Told[] = [];
    begun.push(
      attest({ ...where.request, draftPolicy: permitting }, where.context).catch((error: unknown) => {
        refusals.push(toldOf(error));
        return undefined;
      }),
    );
    assert.ok((await attest(where.request, where.context)).token.length > 100);
    assert.deepEqual(
      refusals.map(({ status, headers }) => [status, headers]),
      [[429, { 'retry-after': '1' }]],
    );
  }
  open();
  assert.equal((await Promise.all(begun)).filter((result) => result !== undefined).length, 96);
  // Their places are free again, also that of one that failed.
  for (const { request, context, ...where } of held.slice(3)) {
    for (let i = 0; i < 30; i++) {
      const refusedOne = { ...request, draftPolicy: 'version=' };
      assert.equal((await failureOf(refusedOne, { ...where, context })).code, 'PolicyParsingError');
    }
  }
});

async function failureOf(request: AttestRequest, { context }: Site): Promise<Told> {
  return toldOf(await attest(request, context).catch((reason: unknown) => reason));
}
