import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toHex } from '@enclos/codec';
import { KeyName } from '@enclos/sgx';
import { PlatformLeaf } from '@enclos/sgx-stub/wire';
import { auditFiles, openAppendFile, verifyAudit } from '@enclos/tee/audit';
import { auditEventsOf, createAuditDisk, newAuditLog } from '@enclos/testkit';
import { openPlatformAudit } from '../../../src/index.ts';
import { sealRequest } from '../../support.ts';
import { askLine } from './played-stub.ts';
import { createSgxLab, exampleStream, lineOf, piecesOf } from './sgx-lab.ts';

async function auditedLab() {
  const path = newAuditLog();
  const disk = createAuditDisk(openAppendFile);
  const audit = await openPlatformAudit(path, { openFile: disk.open });
  const lab = await createSgxLab({ platform: { audit } });
  const events = async (): Promise<readonly Record<string, unknown>[]> => {
    await lab.close();
    await verifyAudit(path);
    return auditEventsOf(await auditFiles(path));
  };
  return { lab, disk, events };
}

test('the audit log says which stub ran which image, and what it asked for', async () => {
  const { lab, events } = await auditedLab();
  const launched = await lab.launch();
  const [gate] = launched.gates;
  assert.ok(gate !== undefined);
  await lineOf(gate);
  gate.write(askLine({ leaf: PlatformLeaf.EGETKEY, keyRequest: sealRequest({ keyName: KeyName.PROVISION }) }));
  await lineOf(gate);
  await assert.rejects(lab.launcher.quote(new Uint8Array(432)));
  await assert.rejects(lab.launch({ stream: piecesOf(exampleStream(2, 8)) }));
  await launched.terminate();
  const all = await events();
  const found = (event: string): Record<string, unknown> => {
    const line = all.find((each) => each['event'] === event);
    assert.ok(line !== undefined, event);
    return line;
  };
  const facts = {
    execution: 'sgx',
    attributes: '4',
    xfrm: '3',
    miscSelect: 0,
    stub: lab.stub.sha256,
    stubSecurityVersion: 1,
  };
  const { mrEnclave } = launched.identity;
  assert.deepEqual(
    { ...found('enclave-launched') },
    { ...found('enclave-launched'), ...facts, mrEnclave: toHex(mrEnclave), code: 'OK' },
  );
  const refused = { ...facts, code: 'LAUNCH_MEASUREMENT_MISMATCH', claimedMrEnclave: toHex(mrEnclave) };
  assert.deepEqual({ ...found('launch-refused') }, { ...found('launch-refused'), ...refused });
  assert.equal(found('egetkey')['code'], 'KEY_NOT_PERMITTED');
  assert.equal(found('egetkey')['keyName'], 'PROVISION');
  assert.equal(found('host-quote')['code'], 'QUOTE_REPORT_REFUSED');
  assert.equal(found('enclave-exited')['signal'], 'SIGKILL');
});

test('what cannot be recorded does not happen: no image starts, and one that asks for a key is ended', async () => {
  const { lab, disk, events } = await auditedLab();
  const launched = await lab.launch();
  const [gate] = launched.gates;
  assert.ok(gate !== undefined);
  await lineOf(gate);
  disk.full = true;
  await assert.rejects(lab.launch(), { code: 'PLATFORM_AUDIT_FAILED' });
  gate.on('error', () => undefined).resume();
  gate.write(askLine({ leaf: PlatformLeaf.EGETKEY, keyRequest: sealRequest({ isvSvn: 1 }) }));
  assert.equal((await launched.exited).signal, 'SIGKILL');
  await assert.rejects(lab.launcher.quote(new Uint8Array(432)), { code: 'PLATFORM_AUDIT_FAILED' });
  disk.full = false;
  await events();
});
