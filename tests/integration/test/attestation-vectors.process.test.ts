import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before } from 'node:test';
import { AttestationAdministrationClient, AttestationClient } from '@azure/attestation';
import { toHex } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import type { EmbeddedPlatform } from '@enclos/software-sgx';
import { freePort, vectors } from '@enclos/testkit';
import { decodeJwt } from 'jose';
import { startPccs, type Pccs } from '@enclos/process-kit/attestation/pccs';
import { azureSdk, azureSdkCollateral, azureSdkTime, realSnpReport, realTrustDomain } from './real-evidence.ts';
import {
  callService,
  refusalOf,
  type ErrorBody,
  type ServiceAnswer,
} from '@enclos/process-kit/attestation/service-calls';
import {
  createWorkshop,
  signedService,
  startTestService,
  type DevelopmentConfiguration,
  type SignedImage,
  type TestService,
} from '@enclos/process-kit';

// Evidence of real processors against the real enclave: the host gets collateral over HTTP, and the enclave verifies it.
const workshop = createWorkshop();

let platform: EmbeddedPlatform;
let image: SignedImage;
let pccs: Pccs;
let port: number;
let service: TestService;

const hosts = { sdk: 'localhost', trustDomain: 'tdx.localhost', snp: 'snp.localhost', current: 'current.localhost' };

function withTestSettings({ tenants: [tenant] }: DevelopmentConfiguration): object {
  const tenantOf = (host: string, baseline: object): object => ({
    ...tenant,
    issuer: `https://${host}:${port}`,
    softwareRoots: [],
    baseline,
  });
  return {
    allowTestSettings: true,
    tenants: [
      tenantOf(hosts.sdk, { acceptedStatuses: ['OUT_OF_DATE'], verificationTime: azureSdkTime }),
      tenantOf(hosts.trustDomain, { verificationTime: realTrustDomain().at }),
      // The vectors have no revocation lists of AMD's.
      tenantOf(hosts.snp, { allowUncheckedRevocation: true, verificationTime: '2026-06-01T00:00:00Z' }),
      tenantOf(hosts.current, { verificationTime: azureSdkTime }),
    ],
  };
}

before(async () => {
  if (!vectors.available) return;
  platform = await workshop.startPlatform('here');
  image = await signedService(workshop);
  pccs = await startPccs({ sgx: azureSdkCollateral(), tdx: realTrustDomain().collateral });
  port = await freePort();
  service = await startTestService({
    signed: image,
    launcher: platform,
    folder: join(workshop.folder, 'service'),
    port,
    change: withTestSettings,
    sources: { collateral: [pccs.url] },
  });
});
after(async () => {
  await service?.running.stop();
  await pccs?.close();
  await workshop.close();
});

const base64url = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url');

function attest(host: string, type: string, evidence: Uint8Array, more: object = {}): Promise<ServiceAnswer> {
  const body = { [type === 'SevSnpVm' || type === 'OpenEnclave' ? 'report' : 'quote']: base64url(evidence), ...more };
  return callService({ port, ca: service.certificate, host, path: `/attest/${type}?api-version=2022-08-01`, body });
}

function claimsOf({ status, body }: ServiceAnswer): Record<string, unknown> {
  assert.equal(status, 200, JSON.stringify(body));
  return decodeJwt((body as { readonly token: string }).token);
}

/** The rule that refused: the tenants tell. */
function ruleOf(answer: ServiceAnswer): unknown {
  assert.deepEqual(refusalOf(answer), [400, 'InvalidParameter']);
  return (answer.body as ErrorBody).error.details?.['rule'];
}

/** One bit in each of these places. */
function* tampered(evidence: Uint8Array, places: readonly number[]): Generator<readonly [number, Uint8Array]> {
  for (const place of places) {
    yield [place, Uint8Array.from(evidence, (byte, at) => (at === place ? byte ^ 0x10 : byte))];
  }
}

const clientOf = (): AttestationClient => {
  const validationOptions = { validateToken: true, validateIssuer: true, expectedIssuer: `https://localhost:${port}` };
  return new AttestationClient(`https://localhost:${port}`, {
    tlsOptions: { ca: service.certificate },
    validationOptions,
  });
};

vectors.test(
  'Azure’s client attests the report of its own tests, with its runtime data as binary and as JSON',
  async () => {
    const runtimeData = azureSdk('runtimeData');
    assert.equal(runtimeData.length, 287);
    for (const name of ['openEnclaveReport', 'openEnclaveReport.nondebug'] as const) {
      const report = azureSdk(name);
      const { token, body } = await clientOf().attestOpenEnclave(report, { runTimeData: runtimeData });
      assert.deepEqual(new Uint8Array(body.enclaveHeldData ?? []), runtimeData);
      assert.equal(body.mrEnclave, toHex(report.subarray(16 + 112, 16 + 144)));
      assert.equal(body.isDebuggable, name === 'openEnclaveReport');
      const claims = decodeJwt(token.serialize());
      assert.equal(claims['x-enclos-test-settings'], true);
      assert.equal('x-enclos-platform' in claims, false);
      const json = await clientOf().attestOpenEnclave(report, { runTimeJson: runtimeData });
      const expected: unknown = JSON.parse(new TextDecoder().decode(runtimeData).replace(/\0$/, ''));
      assert.deepEqual(json.body.runTimeClaims, expected);
      const quote = await clientOf().attestSgxEnclave(report.subarray(16), { runTimeData: runtimeData });
      assert.equal(quote.body.mrSigner, body.mrSigner);
    }
    // All of it came from the one source: there is nothing in the enclave that could have stood in for it.
    for (const path of ['/tcb?', '/qe/identity', '/pckcrl?ca=processor', '/rootcacrl']) {
      assert.ok(
        pccs.asked.some((each) => each.startsWith(`/sgx/certification/v4${path}`)),
        path,
      );
    }
  },
);

vectors.test('a real trust domain and a real SEV-SNP machine attest', async () => {
  const { quote } = realTrustDomain();
  const claims = claimsOf(await attest(hosts.trustDomain, 'TdxVm', quote));
  assert.deepEqual([claims['attester_tcb_status'], claims['dbgstat']], ['UpToDate', 'disabled']);
  assert.equal(claims['tdx_mrtd'], toHex(quote.subarray(48 + 136, 48 + 184)));
  const { report, evidence } = realSnpReport();
  const snp = claimsOf(await attest(hosts.snp, 'SevSnpVm', evidence(report)));
  assert.equal(snp['x-ms-sevsnpvm-launchmeasurement'], toHex(report.subarray(0x90, 0xc0)));
  for (const each of [claims, snp]) assert.equal(each['x-enclos-test-settings'], true);
});

vectors.test('results of management say that test settings are allowed, as tokens do', async () => {
  const credential = {
    getToken: async () => ({ token: service.managementToken, expiresOnTimestamp: Date.now() + 3_600_000 }),
  };
  const tlsOptions = { ca: service.certificate };
  const manager = new AttestationAdministrationClient(`https://localhost:${port}`, credential, { tlsOptions });
  const { token } = await manager.resetPolicy('SgxEnclave');
  assert.equal(decodeJwt(token.serialize())['x-enclos-test-settings'], true);
});

vectors.test('tampered ones are refused with the documented error', async () => {
  const report = azureSdk('openEnclaveReport');
  for (const [place, changed] of tampered(report, [
    0,
    4,
    16,
    128,
    400,
    16 + 436,
    16 + 600,
    1200,
    report.length - 900,
  ])) {
    assert.deepEqual(
      refusalOf(await attest(hosts.sdk, 'OpenEnclave', changed)),
      [400, 'InvalidParameter'],
      `byte ${place}`,
    );
  }
  const { quote } = realTrustDomain();
  for (const [place, changed] of tampered(quote, [0, 48, 200, 600, 640, 700, quote.length - 900])) {
    assert.deepEqual(
      refusalOf(await attest(hosts.trustDomain, 'TdxVm', changed)),
      [400, 'InvalidParameter'],
      `byte ${place}`,
    );
  }
  const { report: snp, evidence } = realSnpReport();
  for (const [place, changed] of tampered(snp, [0, 0x50, 0x90, 0x1a0, 0x2a0, 0x2e0])) {
    const answer = await attest(hosts.snp, 'SevSnpVm', evidence(changed));
    assert.deepEqual(refusalOf(answer), [400, 'InvalidParameter'], `byte ${place}`);
  }
  const runtimeData = { data: base64url(azureSdk('runtimeData').subarray(1)), dataType: 'Binary' };
  assert.equal(ruleOf(await attest(hosts.sdk, 'OpenEnclave', report, { runtimeData })), 'runtimeData-hash');
});

vectors.test('an old platform is refused where it is not accepted, and a platform that no source knows', async () => {
  const report = azureSdk('openEnclaveReport');
  assert.equal(ruleOf(await attest(hosts.current, 'OpenEnclave', report)), 'tcb-status');
  const unknown = vectors.read('dcap/vectors/sgx-v3-swhardening/quote.bin');
  assert.equal(ruleOf(await attest(hosts.sdk, 'SgxEnclave', unknown)), 'endorsements');
});

vectors.test('without allowTestSettings the enclave refuses a configuration with a fixed time', async () => {
  const strict = (made: DevelopmentConfiguration): object => ({ ...withTestSettings(made), allowTestSettings: false });
  const folder = join(workshop.folder, 'refused');
  const starting = startTestService({
    signed: image,
    launcher: platform,
    folder,
    port: await freePort(),
    change: strict,
  });
  await assert.rejects(starting, (error) => {
    assert.ok(isEnclosError(error));
    return /ATTESTATION_CONFIGURATION_INVALID.*verificationTime/s.test(error.message);
  });
  assert.equal(readFileSync(join(folder, 'audit.log'), 'utf8'), '');
});
