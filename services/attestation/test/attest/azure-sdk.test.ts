import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { toHex } from '@enclos/codec';
import { vectors } from '@enclos/testkit';
import type { AttestRequest } from '../../src/attest/attest-request.ts';
import type { BaselineConfiguration } from '../../src/configuration/configuration.ts';
import {
  asJson,
  azureSdk,
  azureSdkCollateral,
  azureSdkTime,
  binary,
  claimsOf,
  collateralSource,
  refusalOf,
  site,
  type Site,
  type SiteChanges,
} from './scene.ts';

/** What the service needs for test quotes of 2020: they are out of date by today's collateral. */
const baseline: BaselineConfiguration = {
  acceptedStatuses: ['OUT_OF_DATE'],
  verificationTime: azureSdkTime.toISOString(),
};
const names = ['openEnclaveReport', 'openEnclaveReport.nondebug'] as const;
const sha256 = (data: Uint8Array | string): string => createHash('sha256').update(data).digest('hex');

async function azureSite(changes: SiteChanges = {}): Promise<Site> {
  const quote = azureSdk('openEnclaveReport').subarray(16);
  return site({
    endorsements: collateralSource(azureSdkCollateral(quote)),
    at: new Date('2026-01-15T00:00:00Z'),
    allowTestSettings: true,
    ...changes,
    configuration: { baseline, ...changes.configuration },
  });
}

vectors.test('the reports of Azure’s SDKs attest, as Open Enclave reports and as bare quotes', async () => {
  const where = await azureSite();
  const runtime = azureSdk('runtimeData');
  for (const [index, name] of names.entries()) {
    const report = azureSdk(name);
    const quote = report.subarray(16);
    for (const request of [
      { type: 'OpenEnclave', evidence: report, runtimeData: binary(runtime) },
      { type: 'SgxEnclave', evidence: quote, runtimeData: binary(runtime), nonce: 'n-1' },
    ] satisfies AttestRequest[]) {
      const claims = await claimsOf(request, where);
      assert.equal(claims['x-ms-attestation-type'], 'sgx');
      assert.equal(claims['x-ms-sgx-is-debuggable'], index === 0);
      assert.equal(claims['x-ms-sgx-mrenclave'], toHex(quote.subarray(112, 144)));
      assert.equal(claims['x-ms-sgx-mrsigner'], toHex(quote.subarray(176, 208)));
      assert.equal(claims['x-ms-sgx-report-data'], `${sha256(runtime)}${'00'.repeat(32)}`);
      const held = Buffer.from(runtime).toString('base64url');
      assert.deepEqual([claims['x-ms-sgx-ehd'], claims['maa-ehd'], claims['aas-ehd']], [held, held, held]);
      assert.equal('x-ms-runtime' in claims, false);
      const collateral = azureSdkCollateral(quote);
      assert.deepEqual(claims['x-ms-sgx-collateral'], {
        quotehash: sha256(quote),
        qeidhash: sha256(collateral.qe_identity),
        qeidcertshash: sha256(collateral.qe_identity_issuer_chain),
        qeidcrlhash: sha256(Buffer.from(collateral.root_ca_crl, 'hex')),
        tcbinfohash: sha256(collateral.tcb_info),
        tcbinfocertshash: sha256(collateral.tcb_info_issuer_chain),
        tcbinfocrlhash: sha256(Buffer.from(collateral.root_ca_crl, 'hex')),
      });
      assert.deepEqual(claims['maa-attestationcollateral'], claims['x-ms-sgx-collateral']);
      // The default policy's names.
      assert.equal(claims['is-debuggable'], index === 0);
      assert.equal(claims['sgx-mrenclave'], claims['x-ms-sgx-mrenclave']);
      assert.equal(claims['product-id'], claims['x-ms-sgx-product-id']);
      assert.deepEqual([claims['tee'], claims['ver'], claims['x-ms-ver']], ['sgx', '1.0', '1.0']);
      assert.deepEqual(claims['x-enclos-state'], { epoch: 3, digest: 'STdigest' });
      assert.equal(claims['x-enclos-configuration'], 'CFdigest');
      assert.equal(claims['x-enclos-test-settings'], true);
      assert.equal('x-enclos-platform' in claims, false);
      const tcb = claims['x-enclos-tcb'] as Record<string, unknown>;
      assert.deepEqual([tcb['status'], tcb['evaluationDataNumber']], ['OutOfDate', 17]);
      assert.deepEqual(
        [claims['nonce'], claims['rp_data']],
        request.nonce === undefined ? [undefined, undefined] : ['n-1', 'n-1'],
      );
    }
  }
});

vectors.test('their runtime data as JSON: the zero byte is hashed, and no part of the claims', async () => {
  const runtimeData = asJson(azureSdk('runtimeData'));
  const claims = await claimsOf(
    { type: 'OpenEnclave', evidence: azureSdk('openEnclaveReport'), runtimeData },
    await azureSite(),
  );
  const expected: unknown = JSON.parse(new TextDecoder().decode(azureSdk('runtimeData')).replace(/\0$/, ''));
  assert.deepEqual(claims['x-ms-runtime'], expected);
  assert.equal('x-ms-sgx-ehd' in claims, false);
  const cut = asJson(azureSdk('runtimeData').subarray(0, -1));
  const request: AttestRequest = { type: 'OpenEnclave', evidence: azureSdk('openEnclaveReport'), runtimeData: cut };
  assert.equal(await refusalOf(request, await azureSite()), '400 InvalidParameter runtimeData-hash');
});

vectors.test(
  'their reports are refused by the default baseline, and at another time than that of their collateral',
  async () => {
    const request: AttestRequest = { type: 'OpenEnclave', evidence: azureSdk('openEnclaveReport') };
    const configuration = { baseline: { verificationTime: azureSdkTime.toISOString() } };
    assert.equal(await refusalOf(request, await azureSite({ configuration })), '400 InvalidParameter tcb-status');
    const today = { baseline: { acceptedStatuses: ['OUT_OF_DATE'] } };
    assert.equal(
      await refusalOf(request, await azureSite({ configuration: today })),
      '400 InvalidParameter collateral-dates',
    );
  },
);

vectors.test('a bit that is flipped anywhere in a real report is refused', async () => {
  const where = await azureSite();
  const report = azureSdk('openEnclaveReport');
  await claimsOf({ type: 'OpenEnclave', evidence: report }, where);
  const accepted: number[] = [];
  // Every byte of header, body and signature up to the certificates, and a sample of those.
  for (let at = 0; at < report.length; at += at < 1100 ? 1 : 37) {
    const changed = report.slice();
    changed[at] = (changed[at] ?? 0) ^ 0x10;
    const refusal = await refusalOf({ type: 'OpenEnclave', evidence: changed }, where);
    if (refusal === 'it was not refused') accepted.push(at);
    else assert.match(refusal, /^400 InvalidParameter /);
  }
  assert.deepEqual(accepted, []);
});

vectors.test(
  'debug enclaves: the strict defaults of the service refuse them, the permissive ones say what they are',
  async () => {
    const request: AttestRequest = { type: 'OpenEnclave', evidence: azureSdk('openEnclaveReport') };
    const strict = await azureSite({ configuration: { baseline, defaultPolicies: 'strict' } });
    assert.equal(await refusalOf(request, strict), '400 PolicyEvaluationError denied');
    const claims = await claimsOf({ ...request, evidence: azureSdk('openEnclaveReport') }, await azureSite());
    assert.equal(claims['x-ms-sgx-is-debuggable'], true);
  },
);
