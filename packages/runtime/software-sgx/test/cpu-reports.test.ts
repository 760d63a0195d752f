import assert from 'node:assert/strict';
import { test } from 'node:test';
import { equalBytes } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import { Attribute, encodeTargetInfo, KeyName, parseReport } from '@enclos/sgx';
import { reportMac } from '@enclos/sgx/node';
import type { Cpu, LoadedEnclave } from '../src/index.ts';
import { flipped, loadEnclave, random, sealRequest, testCpu, testCpuSvn } from './support.ts';

const reportData = new Uint8Array(64).fill(0x5a);

function targetOf({ identity }: LoadedEnclave): Uint8Array {
  return encodeTargetInfo(identity);
}

/** What an enclave does with a report that it is given: local attestation. */
function accepts(cpu: Cpu, enclave: LoadedEnclave, report: Uint8Array): boolean {
  const { keyId, mac } = parseReport(report);
  const key = cpu.egetkey(enclave, sealRequest({ keyName: KeyName.REPORT, keyPolicy: 0, keyId }));
  return equalBytes(reportMac(key, report.subarray(0, 384)), mac);
}

const cpu = testCpu();
const prover = loadEnclave(cpu, { text: 'prover' });
const verifier = loadEnclave(cpu, { text: 'verifier' });
const report = cpu.ereport(prover, targetOf(verifier), reportData);

test('a report carries the identity of its maker and is accepted by its target', () => {
  const { body } = parseReport(report);
  assert.deepEqual(body.mrEnclave, prover.identity.mrEnclave);
  assert.deepEqual(body.mrSigner, prover.identity.mrSigner);
  assert.equal(body.attributes.flags, Attribute.INIT | Attribute.MODE64BIT);
  assert.deepEqual(body.cpuSvn, testCpuSvn);
  assert.deepEqual(body.reportData, reportData);
  assert.ok(accepts(cpu, verifier, report));
});

test('a report is accepted by its target alone', () => {
  assert.ok(!accepts(cpu, prover, report));
  assert.ok(!accepts(cpu, loadEnclave(cpu, { text: 'third' }), report));
});

test('a report is for a target in one mode: its debug twin refuses it', () => {
  const twin = loadEnclave(cpu, { text: 'verifier', load: { debug: true } });
  assert.deepEqual(twin.identity.mrEnclave, verifier.identity.mrEnclave);
  assert.ok(!accepts(cpu, twin, report));
});

test('a report is for a target in one configuration', () => {
  const attributes = { flags: Attribute.MODE64BIT | Attribute.KSS, xfrm: 3n };
  const make = (fill: number, configSvn: number) =>
    loadEnclave(cpu, {
      text: 'kss',
      fields: { attributes },
      load: { configId: new Uint8Array(64).fill(fill), configSvn },
    });
  const target = make(1, 1);
  const forTarget = cpu.ereport(prover, targetOf(target), reportData);
  assert.ok(accepts(cpu, target, forTarget));
  assert.ok(!accepts(cpu, make(2, 1), forTarget));
  assert.ok(!accepts(cpu, make(1, 2), forTarget));
});

test('a report of another machine is refused', () => {
  const other = testCpu({ fuses: random(32) });
  assert.ok(!accepts(other, loadEnclave(other, { text: 'verifier' }), report));
});

test('a report from before a change of owner or of CPUSVN is refused', () => {
  for (const spec of [{ ownerEpoch: random(16) }, { cpuSvn: testCpuSvn.with(0, 3) }]) {
    const later = testCpu(spec);
    assert.ok(!accepts(later, loadEnclave(later, { text: 'verifier' }), report));
  }
});

test('every flipped byte of body, key id or MAC is refused', () => {
  for (let index = 0; index < report.length; index++) {
    let accepted = false;
    try {
      accepted = accepts(cpu, verifier, flipped(report, index));
    } catch (error) {
      assert.ok(isEnclosError(error));
    }
    assert.ok(!accepted, `byte ${index}`);
  }
});

test('a forged report without the key is refused', () => {
  const forged = report.slice();
  forged.set(reportMac(random(16), report.subarray(0, 384)), 416);
  assert.ok(!accepts(cpu, verifier, forged));
});

test('a replayed report shows by its report data only', () => {
  assert.ok(accepts(cpu, verifier, report), 'a MAC has no memory: the nonce in the report data is what tells');
  const fresh = cpu.ereport(prover, targetOf(verifier), random(64));
  assert.notDeepEqual(parseReport(fresh).body.reportData, parseReport(report).body.reportData);
});

test('malformed report requests are refused', () => {
  const target = targetOf(verifier);
  const refuse = (info: Uint8Array, data: Uint8Array) =>
    assert.throws(
      () => cpu.ereport(prover, info, data),
      (error) => isEnclosError(error, 'REPORT_REQUEST_INVALID'),
    );
  refuse(target.subarray(1), reportData);
  refuse(flipped(target, 511), reportData);
  refuse(target, reportData.subarray(1));
  refuse(target, new Uint8Array(65));
});

test('the key id is the CPU instance, fresh at each start', () => {
  const { keyId } = parseReport(report);
  assert.deepEqual(parseReport(cpu.ereport(prover, targetOf(verifier), reportData)).keyId, keyId);
  const restarted = testCpu();
  const again = restarted.ereport(loadEnclave(restarted), targetOf(verifier), reportData);
  assert.notDeepEqual(parseReport(again).keyId, keyId);
});
