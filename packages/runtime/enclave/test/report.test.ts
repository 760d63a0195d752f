import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { test } from 'node:test';
import { concatBytes, utf8 } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import { Attribute, encodeReportBody, KeyName, parseKeyRequest, parseTargetInfo, type ReportBody } from '@enclos/sgx';
import { reportMac } from '@enclos/sgx/node';
import { createReport, targetInfo, verifyReport } from '../src/report.ts';
import { installRuntime, type EnclaveRuntime } from '../src/runtime.ts';

const challenge = new Uint8Array(64).fill(5);
const keyId = new Uint8Array(32).fill(8);

const body = (name: string, flags: bigint): ReportBody => ({
  cpuSvn: new Uint8Array(16).fill(1),
  miscSelect: 0,
  isvExtProdId: new Uint8Array(16),
  attributes: { flags, xfrm: 3n },
  mrEnclave: new Uint8Array(createHash('sha256').update(name).digest()),
  mrSigner: new Uint8Array(32).fill(2),
  configId: new Uint8Array(64),
  isvProdId: 1,
  isvSvn: 1,
  configSvn: 0,
  isvFamilyId: new Uint8Array(16),
  reportData: challenge,
});
const production = Attribute.INIT | Attribute.MODE64BIT;
const own = body('own', production);

/** EGETKEY for reports to one enclave on one CPU, by the rule of the SDM: of target and key id. */
const reportKey = (cpu: string, mrEnclave: Uint8Array, id: Uint8Array): Uint8Array =>
  new Uint8Array(createHmac('sha256', cpu).update(mrEnclave).update(id).digest()).slice(0, 16);

interface Making {
  readonly cpu?: string;
  readonly target?: Uint8Array;
  readonly id?: Uint8Array;
}

/** EREPORT: a REPORT of an enclave for another one. */
function made(of: ReportBody, { cpu = 'this cpu', target = own.mrEnclave, id = keyId }: Making = {}): Uint8Array {
  const bytes = encodeReportBody(of);
  return concatBytes(bytes, id, reportMac(reportKey(cpu, target, id), bytes));
}

const attester = {
  report: (target: Uint8Array, reportData: Uint8Array) =>
    Promise.resolve(made({ ...own, reportData }, { target: parseTargetInfo(target).mrEnclave })),
  key(request: Uint8Array) {
    const { keyName, keyId: id } = parseKeyRequest(request);
    assert.equal(keyName, KeyName.REPORT);
    return Promise.resolve(reportKey('this cpu', own.mrEnclave, id));
  },
};
// These functions ask the attester and nothing else of the runtime.
installRuntime({ attester } as unknown as EnclaveRuntime);

const peer = body('peer', production);
const refused = (error: unknown): boolean => isEnclosError(error, 'REPORT_NOT_VERIFIED');

test('a report that another enclave of this CPU made for this one is verified', async () => {
  assert.deepEqual(await verifyReport(made(peer), challenge), peer);
  const toItself = await createReport(await targetInfo(), challenge);
  assert.deepEqual(await verifyReport(toItself, challenge), own);
});

test('a report whose MAC is not right is refused: each byte flipped, none, and those of others', async () => {
  const good = made(peer);
  for (let at = 416; at < 432; at++) {
    for (const bit of [1, 0x80]) {
      await assert.rejects(verifyReport(good.with(at, (good[at] ?? 0) ^ bit), challenge), refused, `byte ${at}`);
    }
  }
  await assert.rejects(verifyReport(concatBytes(good.subarray(0, 416), new Uint8Array(16)), challenge), refused);
  await assert.rejects(verifyReport(made(peer, { cpu: 'another cpu' }), challenge), refused);
  await assert.rejects(verifyReport(made(peer, { target: peer.mrEnclave }), challenge), refused);
});

test('the MAC is about the whole body and the key id: a change of either is refused', async () => {
  const good = made(peer);
  for (const at of [0, 16, 48, 64, 128, 256, 258, 260, 320, 384, 415]) {
    await assert.rejects(verifyReport(good.with(at, (good[at] ?? 0) ^ 1), challenge), refused, `byte ${at}`);
  }
});

test('a genuine report is refused when its data are others, when it is cut, and when it is of a debug enclave', async () => {
  const good = made(peer);
  await assert.rejects(verifyReport(good, new Uint8Array(64)), refused);
  await assert.rejects(verifyReport(good, challenge.subarray(0, 63)), refused);
  await assert.rejects(verifyReport(good.subarray(0, 431), challenge), refused);
  await assert.rejects(verifyReport(concatBytes(good, utf8('x')), challenge), refused);
  await assert.rejects(verifyReport(made(body('peer', production | Attribute.DEBUG)), challenge), refused);
});
