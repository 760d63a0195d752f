import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { appendFileSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { toHex, utf8 } from '@enclos/codec';
import { createLogReader, readLog, verifyAudit, type AuditRecord } from '@enclos/software-sgx';
import {
  createWorkshop,
  loadProbe,
  outcome,
  refusedWith,
  withProbe,
  type SignedImage,
  type Workshop,
} from '@enclos/process-kit';

let workshop: Workshop;
let signed: SignedImage;
before(async () => {
  workshop = createWorkshop();
  signed = await workshop.signed('probe');
});
after(() => workshop.close());

async function recordsOf(file: string): Promise<readonly AuditRecord[]> {
  const records: AuditRecord[] = [];
  for await (const { record } of readLog(file, createLogReader())) records.push(record);
  return records;
}

const quoteRequest = { purpose: 'audit', nonce: new Uint8Array(32) };

describe('the audit log of a platform process', () => {
  test('holds what a host and its enclave did, and no secret of theirs', async () => {
    const auditFile = join(workshop.folder, 'a.log');
    const platform = await workshop.startPlatform('audited', { auditFile });
    const plaintext = utf8('the secret that is in no audit log');
    const mrEnclave = await withProbe(platform, signed, async (call, { identity }) => {
      await call.seal({ plaintext, policy: 'signer' });
      await call.quote(quoteRequest);
      return toHex(identity.mrEnclave);
    });
    // A host that says goodbye may find its enclave gone already; one that does not has it terminated.
    await (await platform.launch({ ...signed, debug: false, isolation: 'best' })).terminate();
    const forged = { ...signed, signature: signed.signature.slice().fill(1, 600, 700) };
    assert.notEqual(await outcome(loadProbe(platform, forged)), 'accepted');
    await platform.close();
    const records = await recordsOf(auditFile);
    const launched = records.find(({ event }) => event === 'enclave-launched');
    assert.equal(launched?.fields['mrEnclave'], mrEnclave);
    const enclave = launched.fields['enclave'];
    for (const event of ['egetkey', 'ereport', 'quote', 'enclave-exited']) {
      assert.ok(
        records.some((record) => record.event === event && record.fields['enclave'] === enclave),
        event,
      );
    }
    assert.ok(records.some(({ event, fields }) => event === 'enclave-terminated' && fields['enclave'] !== enclave));
    assert.ok(records.some(({ event, fields }) => event === 'egetkey' && fields['keyPolicy'] === 'MRSIGNER'));
    const refusal = records.find(({ event }) => event === 'launch-refused');
    assert.equal(refusal?.fields['claimedMrEnclave'], mrEnclave);
    assert.deepEqual([records[0]?.event, records.at(-1)?.event], ['platform-started', 'platform-stopped']);
    assert.equal(statSync(auditFile).mode & 0o777, 0o600);
    assert.ok(!readFileSync(auditFile).includes(Buffer.from(plaintext)));
  });

  test('survives kill -9 in the middle of a thousand keys, and the next platform goes on with it', async () => {
    const auditFile = join(workshop.folder, 'k.log');
    for (const round of [1, 2, 3]) {
      const platform = await workshop.startPlatform('killed', { auditFile });
      const enclave = await loadProbe(platform, signed);
      const seals = Array.from({ length: 20 }, () =>
        outcome(enclave.call.seal({ plaintext: new Uint8Array(8), policy: 'enclave' })),
      );
      await Promise.race(seals);
      process.kill(platform.processId, 'SIGKILL');
      await Promise.all(seals);
      await enclave.exited;
      await platform.close();
      // What a crash of the machine itself could leave.
      if (round === 2) appendFileSync(auditFile, '{"seq":1');
    }
    const last = await workshop.startPlatform('killed', { auditFile });
    await last.close();
    const summary = await verifyAudit(auditFile);
    assert.equal(summary.recoveries, 1);
    const started = (await recordsOf(auditFile)).filter(({ event }) => event === 'platform-started');
    assert.equal(started.length, 4);
  });

  test('that was changed keeps a platform from starting', async () => {
    const auditFile = join(workshop.folder, 'c.log');
    await (await workshop.startPlatform('changed', { auditFile })).close();
    const text = readFileSync(auditFile, 'utf8');
    writeFileSync(auditFile, text.replace('single-user', 'separated'));
    await assert.rejects(workshop.startPlatform('changed', { auditFile }), refusedWith('PLATFORM_START_FAILED'));
    assert.equal(readFileSync(auditFile, 'utf8'), text.replace('single-user', 'separated'));
  });

  test('is written by one platform', async () => {
    const auditFile = join(workshop.folder, 'o.log');
    const platform = await workshop.startPlatform('one', { auditFile });
    await assert.rejects(workshop.startPlatform('two', { auditFile }), refusedWith('PLATFORM_START_FAILED'));
    await platform.close();
    assert.ok((await verifyAudit(auditFile)).records > 0);
  });
});

describe('a disk without room for the audit log', () => {
  // A file system of its own is the only real full disk that a test may fill.
  const disk = (): string => join(workshop.folder, 'disk');
  const mount = (): boolean => {
    mkdirSync(disk());
    return spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', disk()]).status === 0;
  };
  after(() => void spawnSync('umount', ['-l', disk()]));

  test('keys, quotes and launches are refused until there is room; enclaves run on', async (t) => {
    if (!mount()) return t.skip('this user cannot mount a tmpfs');
    const auditFile = join(disk(), 'audit.log');
    const filler = join(disk(), 'filler');
    const platform = await workshop.startPlatform('full', { auditFile });
    const enclave = await loadProbe(platform, signed);
    const seal = () => outcome(enclave.call.seal({ plaintext: new Uint8Array(8), policy: 'enclave' }));
    assert.equal(await seal(), 'accepted');
    try {
      writeFileSync(filler, new Uint8Array(1 << 20));
    } catch {
      // It is full now.
    }
    // A second at most has its first record already; after that the page of the file itself has to be full too.
    let launches = 0;
    const refusals: string[] = [];
    for (; launches < 100 && refusals.length === 0; launches += 1) {
      const came = await outcome(loadProbe(platform, signed).then((other) => other.dispose()));
      if (came !== 'accepted') refusals.push(came);
    }
    assert.deepEqual(refusals, ['PLATFORM_AUDIT_FAILED']);
    const quoted = await outcome(enclave.call.quote(quoteRequest));
    assert.notEqual(quoted, 'accepted');
    assert.equal(await enclave.call.bounded({ text: 'alive', resultBytes: 0 }), 'alive');
    rmSync(filler);
    assert.equal(await outcome(loadProbe(platform, signed).then((other) => other.dispose())), 'accepted');
    assert.equal(await seal(), 'accepted');
    await enclave.dispose();
    await platform.close();
    const summary = await verifyAudit(auditFile);
    assert.equal(summary.recoveries, 0);
    const exits = (await recordsOf(auditFile)).filter(({ event }) => event === 'enclave-exited');
    assert.equal(exits.length, (await recordsOf(auditFile)).filter(({ event }) => event === 'enclave-launched').length);
  });
});
