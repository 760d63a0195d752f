import assert from 'node:assert/strict';
import { verify, X509Certificate } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { QuoteCollateral } from '@enclos/attestation';
import { fromHex } from '@enclos/codec';
import { vectors } from '@enclos/testkit';
import {
  collateralApp,
  collateralFor,
  initialCpuSvn,
  openVendor,
  publishTcb,
  refreshVendor,
  revoke,
} from '../src/index.ts';
import { enrolledSite, pckSerial } from './provisioning-support.ts';
import { dayMs, now } from './support.ts';

const base = '/sgx/certification/v4';
const site = await enrolledSite();
const { vendor, machine } = site;
const app = collateralApp(vendor.folder, { now: () => now });
const get = async (path: string) => app.request(path);

function chainOf(header: string | null): readonly X509Certificate[] {
  const pem = decodeURIComponent(header ?? '');
  return (pem.match(/-----BEGIN[^]+?-----END CERTIFICATE-----/g) ?? []).map((text) => new X509Certificate(text));
}

async function refusal(path: string): Promise<number> {
  const response = await get(path);
  const body = (await response.json()) as { statusCode: number; message: string };
  assert.equal(body.statusCode, response.status);
  assert.equal(response.headers.get('Error-Message'), body.message);
  assert.ok(response.headers.get('Request-ID'));
  return response.status;
}

function typed([key, value]: readonly [string, unknown]): string {
  return `${key}: ${typeof value}`;
}

function topLevelKeys(text: string): readonly string[] {
  return Object.keys(JSON.parse(text) as object);
}

vectors.test('collateral has the shape of other collateral', () => {
  const path = 'dcap/vectors/sgx-v3-outofdate-fullchain/collateral.json';
  const theirs = JSON.parse(Buffer.from(vectors.read(path)).toString()) as QuoteCollateral;
  const ours = collateralFor(vendor);
  assert.deepEqual(Object.entries(ours).map(typed).sort(), Object.entries(theirs).map(typed).sort());
  for (const key of ['tcb_info', 'qe_identity'] as const) {
    assert.deepEqual(topLevelKeys(ours[key]), topLevelKeys(theirs[key]));
  }
});

test('tcb: the exact signed slice, with its issuer chain in a header', async () => {
  const response = await get(`${base}/tcb?fmspc=${vendor.fmspc.toLowerCase()}`);
  assert.equal(response.status, 200);
  const text = await response.text();
  const match = /^\{"tcbInfo":(\{.*\}),"signature":"([0-9a-f]{128})"\}$/.exec(text);
  assert.ok(match?.[1] && match[2]);
  const [signer, root] = chainOf(response.headers.get('TCB-Info-Issuer-Chain'));
  assert.ok(signer && root && signer.verify(root.publicKey));
  const key = { key: signer.publicKey, dsaEncoding: 'ieee-p1363' } as const;
  assert.ok(verify('sha256', Buffer.from(match[1]), key, fromHex(match[2])));
  assert.match(response.headers.get('Request-ID') ?? '', /^[0-9a-f]{32}$/);
});

test('qe/identity and tcbevaluationdatanumbers', async () => {
  const identity = await get(`${base}/qe/identity?update=early`);
  assert.ok((await identity.text()).startsWith('{"enclaveIdentity":{"id":"QE"'));
  assert.equal(chainOf(identity.headers.get('SGX-Enclave-Identity-Issuer-Chain')).length, 2);
  const numbers = await get(`${base}/tcbevaluationdatanumbers`);
  const body = (await numbers.json()) as { tcbEvaluationDataNumbers: { tcbEvalNumbers: readonly unknown[] } };
  assert.equal(body.tcbEvaluationDataNumbers.tcbEvalNumbers.length, 1);
  assert.equal(chainOf(numbers.headers.get('TCB-Evaluation-Data-Numbers-Issuer-Chain')).length, 2);
});

test('pckcrl in PEM and DER, root CRL in hex and DER', async () => {
  const pem = await get(`${base}/pckcrl?ca=platform`);
  assert.equal(pem.headers.get('content-type'), 'application/x-pem-file');
  const chain = chainOf(pem.headers.get('SGX-PCK-CRL-Issuer-Chain'));
  assert.match(chain[0]?.subject ?? '', /Platform CA/);
  const body = (await pem.text()).replaceAll(/-----.*-----|\n/g, '');
  const der = await get(`${base}/pckcrl?ca=platform&encoding=der`);
  assert.equal(der.headers.get('content-type'), 'application/pkix-crl');
  assert.equal(Buffer.from(await der.arrayBuffer()).toString('base64'), body);
  assert.equal(await (await get(`${base}/rootcacrl`)).text(), vendor.documents.rootCaCrl);
  const rootCrl = Buffer.from(await (await get('/enclos/root.crl')).arrayBuffer());
  assert.equal(rootCrl.toString('hex'), vendor.documents.rootCaCrl);
});

test('the CRL distribution points name routes that exist', async () => {
  const pem = machine.pck?.pck ?? '';
  const text = Buffer.from(pem.split('\n').slice(1, -2).join(''), 'base64').toString('latin1');
  const url = /https:\/\/collateral\.enclos\.invalid(\/[!-~]*encoding=der)/.exec(text);
  assert.equal((await get(url?.[1] ?? '')).status, 200);
  const root = Buffer.from(vendor.rootPem.split('\n').slice(1, -2).join(''), 'base64').toString('latin1');
  assert.equal((await get(/invalid(\/enclos\/root\.crl)/.exec(root)?.[1] ?? '')).status, 200);
});

test('pckcert: the certificate of an enrolled machine', async () => {
  const query = `ppid=${machine.ppid}&cpusvn=${machine.cpuSvn}&pcesvn=0100&pceid=${vendor.pceId}`;
  const response = await get(`${base}/pckcert?${query}`);
  assert.equal(response.status, 200);
  assert.equal(await response.text(), machine.pck?.pck);
  assert.equal(response.headers.get('SGX-TCBm'), `${machine.cpuSvn}0100`.toUpperCase());
  assert.equal(response.headers.get('SGX-FMSPC'), vendor.fmspc);
  assert.equal(response.headers.get('SGX-PCK-Certificate-CA-Type'), 'platform');
  assert.equal(chainOf(response.headers.get('SGX-PCK-Certificate-Issuer-Chain')).length, 2);
  assert.equal(await refusal(`${base}/pckcert?${query.replace('0100', '0200')}`), 404);
  assert.equal(await refusal(`${base}/pckcert?${query.replace(vendor.pceId, '0000')}`), 404);
  assert.equal(await refusal(`${base}/pckcert?${query.replace('ppid=', `encrypted_ppid=${'0'.repeat(736)}`)}`), 404);
});

test('fmspcs and the root', async () => {
  assert.deepEqual(await (await get(`${base}/fmspcs`)).json(), [{ fmspc: vendor.fmspc, platform: 'E5' }]);
  assert.deepEqual(await (await get(`${base}/fmspcs?platform=client`)).json(), []);
  const root = await (await get('/enclos/root')).json();
  assert.deepEqual(root, { pem: vendor.rootPem, fingerprint: vendor.rootFingerprint });
});

test('all collateral in one answer, as a node agent takes it', async () => {
  assert.deepEqual(await (await get('/enclos/collateral')).json(), collateralFor(vendor));
});

test('bad parameters are 400, unknown things 404, other methods 404', async () => {
  const bad = [
    '/tcb',
    '/tcb?fmspc=xyz',
    `/tcb?fmspc=${vendor.fmspc}&update=late`,
    `/tcb?fmspc=${vendor.fmspc}&update=early&tcbEvaluationDataNumber=1`,
    `/tcb?fmspc=${vendor.fmspc}&fmspc=${vendor.fmspc}`,
    `/tcb?fmspc=${vendor.fmspc}&tcbEvaluationDataNumber=01`,
    `/tcb?fmspc=${vendor.fmspc}&constructor=1`,
    '/qe/identity?update=standard&tcbEvaluationDataNumber=1',
    '/qe/identity?x=1',
    '/pckcrl',
    '/pckcrl?ca=root',
    '/pckcrl?ca=platform&encoding=hex',
    '/pckcert',
    `/pckcert?cpusvn=${machine.cpuSvn}&pcesvn=0100&pceid=${vendor.pceId}`,
    `/pckcert?ppid=${machine.ppid}&cpusvn=../../x&pcesvn=0100&pceid=${vendor.pceId}`,
    '/rootcacrl?uri=x',
    '/tcb?%E2%82%AC=1',
    '/tcb?a%0Ab=1',
    '/tcb?%ED%A0%80=1',
    '/tcb?__proto__=1',
    `/tcb?${'a'.repeat(9999)}=1`,
  ];
  for (const path of bad) assert.equal(await refusal(base + path), 400, path);
  const missing = [
    '/tcb?fmspc=00906ED50000',
    '/pckcrl?ca=processor',
    '/qve/identity',
    '/qe/identity?tcbEvaluationDataNumber=9',
  ];
  for (const path of missing) assert.equal(await refusal(base + path), 404, path);
  assert.equal((await app.request(`${base}/tcb?fmspc=${vendor.fmspc}`, { method: 'POST' })).status, 404);
});

test('a withdrawn evaluation number is 410, the current one is served', async () => {
  const { vendor: own } = await enrolledSite();
  await publishTcb(own, { components: initialCpuSvn('separated').subarray(0, 15).with(0, 2), now });
  const service = collateralApp(() => openVendor(own.folder), { now: () => now });
  const status = async (number: number) =>
    (await service.request(`${base}/tcb?fmspc=${own.fmspc}&tcbEvaluationDataNumber=${number}`)).status;
  assert.deepEqual([await status(1), await status(2), await status(3)], [410, 200, 404]);
});

test('the service issues documents again in time, and shows a revocation at once', async () => {
  const { vendor: own, machine: revoked } = await enrolledSite();
  let at = now;
  const service = collateralApp(own.folder, { now: () => at });
  const crl = async () => (await service.request(`${base}/rootcacrl`)).text();
  const first = await crl();
  at = new Date(now.getTime() + 20 * dayMs);
  assert.notEqual(await crl(), first);
  await revoke(own, pckSerial(revoked), at);
  const pckCrl = Buffer.from(await (await service.request(`${base}/pckcrl?ca=platform&encoding=der`)).arrayBuffer());
  assert.ok(pckCrl.toString('hex').includes(pckSerial(revoked).toLowerCase()));
});

test('a broken vendor is a 500 that says nothing', async () => {
  const broken = collateralApp('/nonexistent/secret-path', { now: () => now });
  const response = await broken.request(`${base}/rootcacrl`);
  assert.equal(response.status, 500);
  assert.ok(!(await response.text()).includes('secret-path'));
});

test('the name of an unknown parameter is in the message when it can stand there', async () => {
  const message = async (query: string) => (await get(`${base}/tcb?${query}`)).headers.get('Error-Message');
  assert.equal(await message('fmspc[]=1'), 'Unknown parameter fmspc[].');
  assert.equal(await message('a%0Ab=1'), 'Unknown parameter.');
  assert.equal(await message('%E2%82%AC=1'), 'Unknown parameter.');
});

test('the vendor is read once, and again when its folder changes', async () => {
  const { vendor: own, machine: revoked } = await enrolledSite();
  const service = collateralApp(own.folder, { now: () => now });
  const crl = async () => (await service.request(`${base}/pckcrl?ca=platform`)).text();
  const first = await crl();
  // In place: neither a name nor a time of the folder changes, so this shows that the file is not read.
  writeFileSync(join(own.folder, 'vendor.json'), 'garbage');
  assert.equal(await crl(), first);
  const { fmspc, pceId, collateralUrl } = own;
  writeFileSync(
    join(own.folder, 'vendor.json'),
    JSON.stringify({ format: 'enclos-vendor-1', fmspc, pceId, collateralUrl }),
  );
  await revoke(own, pckSerial(revoked), now);
  assert.notEqual(await crl(), first);
});

test('requests at once, and requests after them, are answered from one signature', async () => {
  const { vendor: own } = await enrolledSite();
  let at = new Date(now.getTime() + 16 * dayMs);
  const service = collateralApp(own.folder, { now: () => at });
  const crl = async () =>
    Buffer.from(await (await service.request(`${base}/pckcrl?ca=platform&encoding=der`)).arrayBuffer()).toString('hex');
  const burst = async () => new Set(await Promise.all(Array.from({ length: 20 }, crl)));
  assert.equal((await burst()).size, 1);
  at = new Date(at.getTime() + 14 * dayMs);
  assert.equal((await burst()).size, 1);
  assert.equal((await openVendor(own.folder)).crlNumber, 2);
});

test('two services over one folder agree, and use no CRL number twice', async () => {
  const { vendor: own } = await enrolledSite();
  const later = () => new Date(now.getTime() + 16 * dayMs);
  const services = [0, 1].map(() => collateralApp(own.folder, { now: later }));
  const answers = await Promise.all(
    services.map(async (service) => (await service.request(`${base}/pckcrl?ca=platform`)).text()),
  );
  assert.equal(new Set(answers).size, 1);
  assert.equal((await refreshVendor(own, later())).documents.crlNumber, 2);
});
