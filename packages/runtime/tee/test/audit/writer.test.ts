import assert from 'node:assert/strict';
import { appendFileSync, existsSync, mkdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, test } from 'node:test';
import { createAuditDisk, newAuditLog } from '@enclos/testkit';
import { openAppendFile } from '../../src/audit/append-file.ts';
import { verifyAudit } from '../../src/audit/verify.ts';
import { openAuditWriter } from '../../src/audit/writer.ts';
import { eventsOf, now, refused, writeLog } from './support.ts';

const failed = refused('PLATFORM_AUDIT_FAILED');

describe('the writer of an audit log', () => {
  test('makes a file for its user alone, and takes its lock away in the end', async () => {
    const path = newAuditLog();
    const writer = await openAuditWriter(path, { now });
    assert.ok(existsSync(`${path}.lock`));
    assert.equal(statSync(path).mode & 0o777, 0o600);
    await writer.close();
    assert.ok(!existsSync(`${path}.lock`));
  });

  test('has written when record resolves', async () => {
    const path = newAuditLog();
    const writer = await openAuditWriter(path, { now });
    await writer.record({ event: 'test' });
    assert.equal((await eventsOf(path)).length, 1);
    await writer.close();
  });

  test('keeps the order of what comes at once, and writes it together', async () => {
    const path = newAuditLog();
    const disk = createAuditDisk(openAppendFile);
    const writer = await openAuditWriter(path, { now, openFile: disk.open });
    await Promise.all(Array.from({ length: 1000 }, (_, number) => writer.record({ event: 'test', number })));
    await writer.close();
    assert.ok(disk.appends <= 4, String(disk.appends));
    assert.deepEqual(
      (await eventsOf(path)).map(({ number }) => number),
      Array.from({ length: 1000 }, (_, i) => i),
    );
    assert.equal((await verifyAudit(path)).records, 1000);
  });

  test('is the only one of a log', async () => {
    const path = newAuditLog();
    const writer = await openAuditWriter(path, { now });
    await assert.rejects(openAuditWriter(path, { now }), refused('PLATFORM_AUDIT_BUSY'));
    await writer.close();
    await writeLog(path, 1);
  });

  test('takes over the lock of one that was killed', async () => {
    const path = newAuditLog();
    writeFileSync(`${path}.lock`, '');
    await writeLog(path, 1);
    assert.equal((await verifyAudit(path)).records, 1);
  });

  for (const [what, name] of [
    ['in a folder with a long path', `${'d'.repeat(200)}/audit.log`],
    ['with a long name', `${'é'.repeat(100)}.log`],
  ] as const) {
    test(`${what} has one writer, as every log has`, async () => {
      const path = join(dirname(newAuditLog()), name);
      mkdirSync(dirname(path), { recursive: true });
      const writer = await openAuditWriter(path, { now });
      await assert.rejects(openAuditWriter(path, { now }), { code: 'PLATFORM_AUDIT_BUSY' });
      await writer.record({ event: 'one' });
      await writer.close();
      await writeLog(path, 1);
      assert.equal((await verifyAudit(path)).records, 2);
    });
  }

  test('refuses a folder that is not there', async () => {
    await assert.rejects(openAuditWriter('/nonexistent/audit.log', { now }), failed);
  });

  test('after its end records nothing', async () => {
    const path = newAuditLog();
    const writer = await openAuditWriter(path, { now });
    await writer.close();
    writer.note({ event: 'late' });
    await assert.rejects(writer.record({ event: 'late' }), failed);
    assert.equal(readFileSync(path, 'utf8'), '');
  });
});

describe('a log that ends within a line', () => {
  test('is reported as unfinished, marked at the next start, and whole from then on', async () => {
    const path = newAuditLog();
    await writeLog(path, 3);
    appendFileSync(path, '{"seq":4,"time":"2026');
    assert.deepEqual((await verifyAudit(path)).unfinishedBytes, 21);
    await writeLog(path, 1);
    const summary = await verifyAudit(path);
    assert.deepEqual([summary.records, summary.recoveries, summary.unfinishedBytes], [5, 1, 0]);
  });

  test('at any byte goes on', async () => {
    const whole = newAuditLog();
    await writeLog(whole, 2);
    const bytes = readFileSync(whole);
    const lastLineBytes = bytes.length - bytes.indexOf(10) - 1;
    for (let cut = 1; cut <= lastLineBytes; cut += cut === 1 ? 1 : Math.min(7, Math.max(1, lastLineBytes - cut))) {
      const path = newAuditLog();
      writeFileSync(path, bytes.subarray(0, bytes.length - cut));
      await writeLog(path, 1);
      const summary = await verifyAudit(path);
      // Without its line feed alone the record is there, and without all of it none is cut.
      assert.equal(summary.recoveries, cut === 1 || cut === lastLineBytes ? 0 : 1, `cut ${cut}`);
      assert.equal(summary.records, cut === 1 ? 3 : cut === lastLineBytes ? 2 : 3);
    }
  });

  test('twice has two marks', async () => {
    const path = newAuditLog();
    for (const text of ['{', '\u0000\u0000\u0000']) {
      await writeLog(path, 1);
      appendFileSync(path, text);
    }
    await writeLog(path, 1);
    assert.deepEqual([(await verifyAudit(path)).recoveries, (await verifyAudit(path)).records], [2, 5]);
  });

  for (const [what, pattern, instead] of [
    ['longer', /"tornBytes":1/, '"tornBytes":2'],
    ['another', /"tornSha256":"./, '"tornSha256":"z'],
  ] as const) {
    test(`and a mark that says it was ${what} is not whole`, async () => {
      const path = newAuditLog();
      await writeLog(path, 1);
      appendFileSync(path, 'x');
      await writeLog(path, 0);
      const text = readFileSync(path, 'utf8');
      writeFileSync(path, text.replace(pattern, instead));
      assert.notEqual(readFileSync(path, 'utf8'), text);
      await assert.rejects(verifyAudit(path), refused('PLATFORM_AUDIT_BROKEN'));
    });
  }
});

describe('a disk that is full', () => {
  async function onDisk() {
    const path = newAuditLog();
    const disk = createAuditDisk(openAppendFile);
    return { path, disk, writer: await openAuditWriter(path, { now, openFile: disk.open }) };
  }

  test('refuses what must be on record, and nothing of it is in the log', async () => {
    const { path, disk, writer } = await onDisk();
    await writer.record({ event: 'before' });
    disk.full = true;
    await assert.rejects(writer.record({ event: 'refused' }), failed);
    await assert.rejects(writer.record({ event: 'refused' }), failed);
    disk.full = false;
    await writer.record({ event: 'after' });
    await writer.close();
    assert.deepEqual(
      (await eventsOf(path)).map(({ event }) => event),
      ['before', 'after'],
    );
    assert.equal((await verifyAudit(path)).records, 2);
  });

  test('keeps what cannot be refused until there is room', async () => {
    const { path, disk, writer } = await onDisk();
    disk.full = true;
    writer.note({ event: 'exit', number: 1 });
    writer.note({ event: 'exit', number: 2 });
    await assert.rejects(writer.record({ event: 'refused' }), failed);
    disk.full = false;
    await writer.record({ event: 'after' });
    await writer.close();
    assert.deepEqual(
      (await eventsOf(path)).map(({ event, number }) => [event, number]),
      [
        ['exit', 1],
        ['exit', 2],
        ['after', undefined],
      ],
    );
  });

  test('is tried again without being asked to', async () => {
    const { path, disk, writer } = await onDisk();
    disk.full = true;
    writer.note({ event: 'exit' });
    await sleep(10);
    disk.full = false;
    for (let i = 0; i < 1000 && (await eventsOf(path)).length === 0; i++) await sleep(10);
    assert.equal((await eventsOf(path)).length, 1);
    await writer.close();
  });

  test('loses what is more than it keeps, and counts it', async () => {
    const { path, disk, writer } = await onDisk();
    disk.full = true;
    for (let i = 0; i < 1500; i++) writer.note({ event: 'exit' });
    await assert.rejects(writer.record({ event: 'refused' }), failed);
    disk.full = false;
    await writer.close();
    const events = await eventsOf(path);
    const lost = events.filter(({ event }) => event === 'audit-lost').map(({ count }) => Number(count));
    const kept = events.filter(({ event }) => event === 'exit').length;
    assert.equal(kept + lost.reduce((sum, count) => sum + count, 0), 1500);
    assert.ok(kept >= 1024 && lost.length > 0);
    assert.equal((await verifyAudit(path)).lost, 1500 - kept);
  });

  test('closes without an error, and says nothing', async () => {
    const { path, disk, writer } = await onDisk();
    disk.full = true;
    writer.note({ event: 'exit' });
    await writer.close();
    assert.equal(readFileSync(path, 'utf8'), '');
    assert.ok(!existsSync(`${path}.lock`));
  });
});

describe('a log that another program writes to', () => {
  for (const [what, change] of [
    ['adds to', (path: string) => appendFileSync(path, 'x')],
    ['cuts', (path: string) => truncateSync(path, 10)],
  ] as const) {
    test(`and ${what} is noticed at the next record`, async () => {
      const path = newAuditLog();
      const writer = await openAuditWriter(path, { now });
      await writer.record({ event: 'test' });
      change(path);
      await assert.rejects(writer.record({ event: 'test' }), failed);
      await writer.close();
    });
  }
});
