import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exampleSgxReport } from '@enclos/evidence-kit';
import { decodeJwt } from 'jose';
import { attest } from '../../src/attest/attest.ts';
import { createAttestContext } from '../../src/attest/context.ts';
import { asJson, claimsOf, collateralSource, hashOf, json, refusalOf, site, softwareSite } from './scene.ts';

const permissive = 'version=1.0; authorizationrules{ => permit(); }; issuancerules{};';
const debug = { report: { attributes: { flags: 7n, xfrm: 3n } } } as const;

test('evidence of a software platform that the tenant does not list is refused, whatever the policy permits', async () => {
  const { platform, request } = await softwareSite();
  const { platform: other } = await softwareSite({ kind: 'sgx-v4' });
  assert.notEqual(other, platform);
  const where = await site({
    endorsements: collateralSource(platform.collateral),
    policies: { SgxEnclave: permissive },
  });
  assert.equal(await refusalOf(request, where), '400 InvalidParameter evidence');
  const draft = { ...request, draftPolicy: permissive };
  assert.equal(await refusalOf(draft, where), '400 InvalidParameter evidence');
});

test('every token of a tenant with software roots says so, and nothing in policy or data takes it back', async () => {
  const runtime = json({ 'x-enclos-platform': 'hardware' });
  const report = { reportData: hashOf(runtime) };
  const plain = await softwareSite({ report }, { policies: { SgxEnclave: permissive } });
  const request = { ...plain.request, runtimeData: asJson(runtime) };
  const claims = await claimsOf(request, plain);
  assert.equal(claims['x-enclos-platform'], 'software');
  assert.deepEqual(claims['x-ms-runtime'], { 'x-enclos-platform': 'hardware' });
  assert.equal((claims['x-enclos-tcb'] as { root: { kind: string } }).root.kind, 'software');
  for (const name of ['x-enclos-platform', 'X-Enclos-Platform', 'x-enclos-tcb', 'x-enclos-anything']) {
    const policy = `version=1.0; authorizationrules{ => permit(); }; issuancerules{ => issue(type="${name}", value="hardware"); };`;
    const forging = await softwareSite({ report }, { policies: { SgxEnclave: policy } });
    assert.equal(await refusalOf(forging.request, forging), '400 PolicyEvaluationError reserved-claim');
    const draft = { ...plain.request, draftPolicy: policy };
    assert.equal(await refusalOf(draft, plain), '400 PolicyEvaluationError reserved-claim');
  }
  const { token } = await attest({ ...request, draftPolicy: permissive }, plain.context);
  assert.equal(decodeJwt(token)['x-enclos-platform'], 'software');
});

test('software evidence gets the strict default, whatever defaults the tenant has', async () => {
  for (const defaultPolicies of ['azure', 'strict'] as const) {
    const good = await softwareSite({}, { configuration: { defaultPolicies } });
    const claims = await claimsOf(good.request, good);
    assert.equal('is-debuggable' in claims, false);
    const bad = await softwareSite(debug, { configuration: { defaultPolicies } });
    assert.equal(await refusalOf(bad.request, bad), '400 PolicyEvaluationError denied');
  }
  const set = await softwareSite(debug, { policies: { SgxEnclave: permissive } });
  assert.equal((await claimsOf(set.request, set))['x-ms-sgx-is-debuggable'], true);
});

test('a root that is none, or is Intel’s, makes no tenant; nor do a baseline and a time that make no sense', async () => {
  const { platform, context } = await softwareSite();
  const { configuration } = context.tenant;
  const make = (changes: Partial<typeof configuration>, allowTestSettings = false): unknown => {
    const tenant = { ...context.tenant, configuration: { ...configuration, ...changes } };
    return createAttestContext({
      tenant,
      endorsements: collateralSource({}),
      now: () => platform.at,
      turns: context.turns,
      drafts: context.drafts,
      allowTestSettings,
    });
  };
  assert.ok(make({}));
  assert.ok(make({ baseline: { verificationTime: '2025-06-11T19:08:46Z' } }, true));
  for (const changes of [
    { softwareRoots: ['no certificate'] },
    { baseline: { verificationTime: '2025-06-11T19:08:46Z' } },
    { baseline: { acceptedStatuses: ['REVOKED'] } },
    { baseline: { acceptedStatuses: ['TCB_NOT_SUPPORTED'] } },
    { baseline: { acceptedStatuses: ['Fine'] } },
    { baseline: { update: 'early', evaluationDataNumber: 17 } },
    { baseline: { evaluationDataNumber: 1.5 } },
  ] as const) {
    assert.throws(() => make(changes), { code: 'ATTESTATION_TENANT_UNUSABLE' }, JSON.stringify(changes));
  }
  assert.throws(() => make({ baseline: { verificationTime: 'today' } }, true), { code: 'ATTESTATION_TENANT_UNUSABLE' });
});

test('claims of key separation are those of an enclave that has it', async () => {
  const without = await softwareSite();
  assert.equal('x-ms-sgx-config-id' in (await claimsOf(without.request, without)), false);
  const init = json({ image: 'sha256:00' });
  const report = { attributes: { flags: 0x85n, xfrm: 3n }, configId: hashOf(init) };
  const where = await softwareSite({ report });
  const claims = await claimsOf({ ...where.request, initTimeData: asJson(init) }, where);
  assert.deepEqual(
    [
      claims['x-ms-sgx-config-svn'],
      claims['x-ms-sgx-isv-extended-product-id'],
      claims['x-ms-sgx-isv-family-id'],
      claims['x-ms-sgx-config-id'],
      claims['x-ms-inittime'],
    ],
    [
      exampleSgxReport.configSvn,
      '11'.repeat(16),
      '13'.repeat(16),
      Buffer.from(hashOf(init)).toString('hex'),
      { image: 'sha256:00' },
    ],
  );
});
