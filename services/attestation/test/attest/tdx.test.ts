import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toHex } from '@enclos/codec';
import { vectors } from '@enclos/testkit';
import type { AttestRequest } from '../../src/attest/attest-request.ts';
import { asJson, claimsOf, collateralSource, hashOf, json, refusalOf, site, softwareSite, type Site } from './scene.ts';

const textOf = (path: string): string => new TextDecoder().decode(vectors.read(path));

async function real(
  name: string,
  acceptedStatuses: readonly string[] = [],
): Promise<Site & { request: AttestRequest }> {
  const folder = `dcap/vectors/${name}`;
  const expected = JSON.parse(textOf(`${folder}/expected.json`)) as { readonly at: string };
  const collateral: unknown = JSON.parse(textOf(`${folder}/collateral.json`));
  const where = await site({
    endorsements: collateralSource(collateral),
    at: new Date(expected.at),
    ...(acceptedStatuses.length === 0 ? {} : { configuration: { baseline: { acceptedStatuses } } }),
  });
  return { ...where, request: { type: 'TdxVm', evidence: vectors.read(`${folder}/quote.bin`) } };
}

vectors.test('a real trust domain attests: every claim of the EAT profile, as it stands in the quote', async () => {
  const where = await real('tdx-v4-uptodate');
  const quote = where.request.evidence;
  const field = (offset: number, length: number): string => toHex(quote.subarray(48 + offset, 48 + offset + length));
  const claims = await claimsOf(where.request, where);
  const attributes = new DataView(quote.buffer, quote.byteOffset).getBigUint64(48 + 120, true);
  assert.deepEqual(
    Object.fromEntries(Object.entries(claims).filter(([name]) => !/^(x-|iss|iat|nbf|exp|jti)/.test(name))),
    {
      eat_profile: 'https://aka.ms/maa-eat-profile-tdxvm',
      intuse: 'generic',
      dbgstat: 'disabled',
      attester_tcb_status: 'UpToDate',
      tdx_tee_tcb_svn: field(0, 16),
      tdx_mrseam: field(16, 48),
      tdx_mrsignerseam: field(64, 48),
      tdx_seam_attributes: field(112, 8),
      tdx_td_attributes: field(120, 8),
      tdx_xfam: field(128, 8),
      tdx_mrtd: field(136, 48),
      tdx_mrconfigid: field(184, 48),
      tdx_mrowner: field(232, 48),
      tdx_mrownerconfig: field(280, 48),
      tdx_rtmr0: field(328, 48),
      tdx_rtmr1: field(376, 48),
      tdx_rtmr2: field(424, 48),
      tdx_rtmr3: field(472, 48),
      tdx_report_data: field(520, 64),
      tdx_seamsvn: quote[48],
      tdx_td_attributes_debug: false,
      tdx_td_attributes_key_locker: (attributes & (1n << 31n)) !== 0n,
      tdx_td_attributes_perfmon: attributes >> 63n === 1n,
      tdx_td_attributes_protection_keys: (attributes & (1n << 30n)) !== 0n,
      tdx_td_attributes_septve_disable: (attributes & (1n << 28n)) !== 0n,
    },
  );
  assert.equal(claims['x-ms-attestation-type'], 'tdxvm');
  assert.equal('x-ms-compliance-status' in claims, false);
});

vectors.test('statuses of real trust domains: accepted when the tenant says so, and named as Intel does', async () => {
  for (const [name, status, said] of [
    ['azure-tdx-v4-module-outofdate', 'OUT_OF_DATE', 'OutOfDate'],
    ['tdx-v5-td-relaunch-advised', 'TD_RELAUNCH_ADVISED', 'TDRelaunchAdvised'],
  ] as const) {
    const refused = await real(name);
    assert.equal(await refusalOf(refused.request, refused), '400 InvalidParameter tcb-status');
    const taken = await real(name, [status]);
    assert.equal((await claimsOf(taken.request, taken))['attester_tcb_status'], said);
  }
  const never = await real('tdx-v5-tcb-not-supported', ['OUT_OF_DATE', 'CONFIGURATION_NEEDED']);
  assert.equal(await refusalOf(never.request, never), '400 InvalidParameter tcb-status');
});

vectors.test('a trust domain in debug mode says so', async () => {
  const where = await real('tdx-v4-uptodate-2023-debug');
  const claims = await claimsOf(where.request, where);
  assert.deepEqual([claims['dbgstat'], claims['tdx_td_attributes_debug']], ['enabled', true]);
});

vectors.test('a bit that is flipped in the signed part of a real trust domain’s quote is refused', async () => {
  const where = await real('tdx-v4-uptodate');
  await claimsOf(where.request, where);
  for (let at = 0; at < 48 + 584 + 4 + 128; at += 1) {
    const changed = where.request.evidence.slice();
    changed[at] = (changed[at] ?? 0) ^ 0x01;
    assert.match(await refusalOf({ ...where.request, evidence: changed }, where), /^400 InvalidParameter /, String(at));
  }
});

for (const kind of ['tdx-v4', 'tdx-v5-td15', 'tdx-v5-td15ex'] as const) {
  test(`${kind} of a software platform: attributes and both kinds of data`, async () => {
    const runtime = json({ keys: [] });
    const init = json({ image: 'x' });
    const where = await softwareSite(
      {
        kind,
        td: {
          tdAttributes: (1n << 63n) | (1n << 31n) | (1n << 30n) | (1n << 28n),
          reportData: hashOf(runtime),
          mrConfigId: hashOf(init, 48),
        },
      },
      {
        policies: {
          TdxVm: 'version=1.0; authorizationrules{ [type=="tdx_td_attributes_key_locker", value==true] => permit(); };',
        },
      },
    );
    const claims = await claimsOf(
      { ...where.request, runtimeData: asJson(runtime), initTimeData: asJson(init) },
      where,
    );
    assert.deepEqual(
      ['key_locker', 'perfmon', 'protection_keys', 'septve_disable', 'debug'].map(
        (name) => claims[`tdx_td_attributes_${name}`],
      ),
      [true, true, true, true, false],
    );
    assert.equal(claims['tdx_td_attributes'], '000000d000000080');
    assert.deepEqual([claims['x-ms-runtime'], claims['x-ms-inittime']], [{ keys: [] }, { image: 'x' }]);
    assert.equal(claims['x-enclos-platform'], 'software');
  });
}

test('a quote of the other TEE is refused', async () => {
  const tdx = await softwareSite({ kind: 'tdx-v4' });
  const sgx = await softwareSite({ kind: 'sgx-v4' });
  assert.equal(await refusalOf({ ...tdx.request, type: 'SgxEnclave' }, tdx), '400 InvalidParameter evidence-format');
  assert.equal(await refusalOf({ ...sgx.request, type: 'TdxVm' }, sgx), '400 InvalidParameter evidence-format');
  assert.equal(tdx.asked.length + sgx.asked.length, 0);
});
