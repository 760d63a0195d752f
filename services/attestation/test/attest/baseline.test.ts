import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as nodeCrypto from 'node:crypto';
import type { SyncCrypto } from '@enclos/attestation/node';
import type { QuoteCollateralJson, ScenarioChanges } from '@enclos/evidence-kit';
import { decodeJwt } from 'jose';
import { attest } from '../../src/attest/attest.ts';
import type { EndorsementSource } from '../../src/attest/endorsement-request.ts';
import { toldOf } from '../errors.ts';
import { claimsOf, collateralSource, json, refusalOf, softwareSite, type SiteChanges } from './scene.ts';

const permitAll = 'authorizationrules{ => permit(); }; issuancerules{};';
const policyWith = (identifier: string): string =>
  `version=1.1; configurationrules{ => issueproperty(type="x-ms-sgx-tcbidentifier", value=${identifier}); }; ${permitAll}`;

const number = 17;
/** Collateral of one baseline: both documents have its number. */
const numbered: ScenarioChanges = {
  tcbInfo: (good) => ({ ...good, tcbEvaluationDataNumber: number }),
  qeIdentity: (good) => ({ ...good, tcbEvaluationDataNumber: number }),
};

test('which baseline the host is asked for: that of the tenant, or the one of the policy', async () => {
  for (const [baseline, identifier, asked] of [
    [{}, undefined, {}],
    [{}, '"azuredefault"', {}],
    [{ update: 'early' }, '"azuredefault"', { update: 'early' }],
    [{ update: 'early' }, `"${number}"`, { evaluationNumber: number }],
    [{}, String(number), { evaluationNumber: number }],
    [{ evaluationDataNumber: number }, undefined, { evaluationNumber: number }],
    [{ evaluationDataNumber: number }, '"azuredefault"', { evaluationNumber: number }],
    [{ evaluationDataNumber: number - 2 }, `"${number}"`, { evaluationNumber: number }],
  ] as const) {
    const text = identifier === undefined ? `version=1.0; ${permitAll}` : policyWith(identifier);
    const where = await softwareSite(numbered, { policies: { SgxEnclave: text }, configuration: { baseline } });
    const claims = await claimsOf(where.request, where);
    assert.equal((claims['x-enclos-tcb'] as Record<string, unknown>)['evaluationDataNumber'], number);
    const [{ facts, ...rest } = { facts: undefined }] = where.asked;
    assert.equal(facts?.tee, 'sgx');
    assert.deepEqual(rest, asked, `${JSON.stringify(baseline)} ${identifier}`);
  }
});

test('a baseline that is none, or one before that of the tenant, is refused before the host is asked', async () => {
  for (const [baseline, identifier] of [
    [{}, '"newest"'],
    [{}, '"017"'],
    [{}, '0'],
    [{}, 'true'],
    [{}, '"99999999999"'],
    [{ evaluationDataNumber: number }, `"${number - 1}"`],
  ] as const) {
    const where = await softwareSite(numbered, {
      policies: { SgxEnclave: policyWith(identifier) },
      configuration: { baseline },
    });
    assert.equal(await refusalOf(where.request, where), '400 InvalidParameter tcb-baseline', identifier);
    assert.equal(where.asked.length, 0);
    const draft = { ...where.request, draftPolicy: policyWith(identifier) };
    assert.equal(await refusalOf(draft, where), '400 InvalidParameter tcb-baseline', identifier);
  }
});

test('a host that gives another baseline than it was asked for is found out', async () => {
  const earlier = <T extends object>(good: T) => ({ ...good, tcbEvaluationDataNumber: number - 1 });
  const configuration = { baseline: { evaluationDataNumber: number } };
  for (const changes of [{ tcbInfo: earlier }, { qeIdentity: earlier }]) {
    const where = await softwareSite({ ...numbered, ...changes }, { configuration });
    assert.equal(await refusalOf(where.request, where), '503 ServiceUnavailable endorsements');
  }
});

test('statuses outside of the baseline are refused, with what is short and the advisories', async () => {
  const levels = { platform: 'earliest', platformStatuses: { earliest: 'OutOfDate' } } as const;
  const where = await softwareSite({ ...levels, qe: 'latest' });
  const error = toldOf(await attest(where.request, where.context).catch((reason: unknown) => reason));
  assert.deepEqual([error.status, error.code], [400, 'InvalidParameter']);
  assert.equal(error.message, 'The TCB status of the platform is OUT_OF_DATE, which this tenant does not accept.');
  assert.equal(error.details?.['status'], 'OUT_OF_DATE');
  const shortfall = error.details?.['shortfall'] as readonly { readonly component: string }[];
  assert.ok(
    shortfall.some(({ component }) => component === 'sgx') && shortfall.some(({ component }) => component === 'pce'),
  );
  assert.ok(Array.isArray(error.details?.['advisoryIds']));
  const lenient = await softwareSite(levels, { configuration: { baseline: { acceptedStatuses: ['OUT_OF_DATE'] } } });
  assert.equal(((await claimsOf(lenient.request, lenient))['x-enclos-tcb'] as { status: string }).status, 'OutOfDate');
  const configuration = { baseline: { acceptedStatuses: ['OUT_OF_DATE', 'CONFIGURATION_NEEDED'] } };
  const revoked = await softwareSite({ platformStatuses: { latest: 'Revoked' } }, { configuration });
  assert.equal(await refusalOf(revoked.request, revoked), '400 InvalidParameter tcb-status');
  const good = await softwareSite({}, { configuration });
  assert.equal(await refusalOf(good.request, good), '400 InvalidParameter tcb-status');
});

test('policies can look at the status, the number and the root', async () => {
  const text = `version=1.0; authorizationrules{ [type=="x-enclos-tcb-status", value=="UpToDate"] &&
    [type=="x-enclos-tcb-evaluation-number", value==${number}] && [type=="x-enclos-root", value=="software"] => permit(); };`;
  const where = await softwareSite(numbered, { policies: { SgxEnclave: text } });
  await claimsOf(where.request, where);
});

const misbehaving: readonly (readonly [string, (good: QuoteCollateralJson) => EndorsementSource, string])[] = [
  ['nothing', () => () => Promise.resolve(undefined), '400 InvalidParameter endorsements'],
  ['an error', () => () => Promise.reject(new Error('no network')), '503 ServiceUnavailable endorsements'],
  ['no JSON', () => () => Promise.resolve(Uint8Array.of(1)), '503 ServiceUnavailable endorsements'],
  ['too much', () => () => Promise.resolve(new Uint8Array(4_194_305).fill(32)), '503 ServiceUnavailable endorsements'],
  ['half of it', (good) => collateralSource({ ...good, tcb_info: undefined }), '503 ServiceUnavailable endorsements'],
  ['that of AMD', () => collateralSource({ certificate_chain: '', crl: '' }), '503 ServiceUnavailable endorsements'],
  [
    'a document that was changed',
    (good) => collateralSource({ ...good, tcb_info: good.tcb_info.replace('UpToDate', 'OutOfDate') }),
    '400 InvalidParameter evidence',
  ],
];

for (const [what, source, refusal] of misbehaving) {
  test(`a host that answers ${what} for endorsements is no help to anybody`, async () => {
    const { platform } = await softwareSite();
    const where = await softwareSite({}, { endorsements: source(platform.collateral) });
    assert.equal(await refusalOf(where.request, where), refusal);
    assert.equal(await refusalOf(where.request, where), refusal);
    assert.equal(where.asked.length, 2);
  });
}

test('a host that changes any part of the endorsements helps nobody to a token', async () => {
  const { platform } = await softwareSite();
  const good = platform.collateral as unknown as Readonly<Record<string, string>>;
  for (const [name, text] of Object.entries(good)) {
    if (typeof text !== 'string' || name === 'pck_crl_issuer_chain') continue;
    const at = Math.floor(text.length / 2);
    const changed = text.slice(0, at) + (text[at] === '7' ? '8' : '7') + text.slice(at + 1);
    const where = await softwareSite({}, { endorsements: collateralSource({ ...good, [name]: changed }) });
    assert.match(await refusalOf(where.request, where), /^(?:400 InvalidParameter evidence|503 Serv)/, name);
  }
});

test('the host is asked once in ten minutes, also when others send what is refused', async () => {
  const where = await softwareSite();
  await claimsOf(where.request, where);
  const broken = where.request.evidence.slice();
  broken[100] = (broken[100] ?? 0) ^ 1;
  await refusalOf({ ...where.request, evidence: broken }, where);
  where.clock.ms += 599_000;
  await claimsOf(where.request, where);
  assert.equal(where.asked.length, 1);
  where.clock.ms += 2_000;
  await claimsOf(where.request, where);
  assert.equal(where.asked.length, 2);
});

test('collateral that has expired since is asked for again, and nothing is verified with it', async () => {
  const { platform } = await softwareSite();
  const document = JSON.parse(platform.collateral.tcb_info) as { readonly nextUpdate: string };
  const at = new Date(Date.parse(document.nextUpdate) - 60_000);
  let served = platform.collateral;
  const where = await softwareSite({}, { at, endorsements: () => Promise.resolve(json(served)) });
  await claimsOf(where.request, where);
  where.clock.ms += 120_000;
  assert.equal(await refusalOf(where.request, where), '400 InvalidParameter collateral-dates');
  assert.equal(where.asked.length, 2);
  const later = (good: object) => ({ ...good, nextUpdate: '2030-01-01T00:00:00Z' });
  const list = { nextUpdate: new Date('2030-01-01T00:00:00Z') };
  const renewed = { tcbInfo: later, qeIdentity: later, rootCrl: list, pckCrl: list };
  served = (await softwareSite(renewed)).platform.collateral;
  await claimsOf(where.request, where);
  assert.equal(where.asked.length, 3);
  where.clock.ms = platform.at.getTime() - 20 * 365 * 86_400_000;
  assert.equal(await refusalOf(where.request, where), '400 InvalidParameter collateral-dates');
});

test('evidence is verified at the time that its token names, however the clock of the host moves meanwhile', async () => {
  const { platform } = await softwareSite();
  const document = JSON.parse(platform.collateral.tcb_info) as { readonly nextUpdate: string };
  const where = await softwareSite(
    {},
    {
      endorsements: (request) => {
        where.clock.ms = Date.parse(document.nextUpdate) + 86_400_000;
        return collateralSource(platform.collateral)(request);
      },
    },
  );
  const { token } = await attest(where.request, where.context);
  assert.equal(decodeJwt(token).iat, platform.at.getTime() / 1000 - 120);
  const late = await softwareSite({}, { at: new Date(Date.parse(document.nextUpdate) + 86_400_000) });
  assert.equal(await refusalOf(late.request, late), '400 InvalidParameter collateral-dates');
});

test('a warm request verifies one signature of the evidence, and no more', async () => {
  let verifications = 0;
  const crypto: SyncCrypto = {
    createHash: nodeCrypto.createHash,
    createPublicKey: nodeCrypto.createPublicKey,
    verify: ((...inputs: Parameters<typeof nodeCrypto.verify>) => {
      verifications += 1;
      return nodeCrypto.verify(...inputs);
    }) as SyncCrypto['verify'],
  };
  const changes: SiteChanges = { verifier: { crypto } };
  const where = await softwareSite({}, changes);
  await claimsOf(where.request, where);
  assert.ok(verifications > 5, String(verifications));
  verifications = 0;
  await claimsOf(where.request, where);
  assert.equal(verifications, 1);
  assert.ok(json(where.asked).length < 65_536);
});
