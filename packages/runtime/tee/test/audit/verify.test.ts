import assert from 'node:assert/strict';
import { copyFileSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { before, describe, test } from 'node:test';
import { isEnclosError } from '@enclos/errors';
import { newAuditLog } from '@enclos/testkit';
import { auditFiles } from '../../src/audit/files.ts';
import { parseAnchor, verifyAudit } from '../../src/audit/verify.ts';
import { openAuditWriter } from '../../src/audit/writer.ts';
import { linesOf, now, refused, writeLog } from './support.ts';

const broken = refused('PLATFORM_AUDIT_BROKEN');
const original = newAuditLog();
const lines: string[] = [];
before(async () => {
  await writeLog(original, 6);
  lines.push(...(await linesOf(original)));
});

/** The log of six records with these lines in their place. */
function changed(change: (lines: string[]) => readonly string[]): string {
  const path = newAuditLog();
  writeFileSync(
    path,
    change([...lines])
      .map((line) => `${line}\n`)
      .join(''),
  );
  return path;
}

describe('a log that was not touched', () => {
  test('verifies, and tells its head', async () => {
    const summary = await verifyAudit(original);
    assert.deepEqual([summary.records, summary.firstSeq, summary.head.seq, summary.unfinishedBytes], [6, 1, 6, 0]);
    assert.equal((await verifyAudit(original, { anchor: summary.head })).records, 6);
  });

  test('verifies when its older files were taken elsewhere, and says where it begins', async () => {
    const summary = await verifyAudit(changed((all) => all.slice(2)));
    assert.deepEqual([summary.records, summary.firstSeq, summary.head.seq], [4, 3, 6]);
  });
});

describe('a log of which', () => {
  const changes: Readonly<Record<string, (all: string[]) => readonly string[]>> = {
    'a line was changed': (all) => all.with(2, all[2]?.replace('"number":3', '"number":4') ?? ''),
    'the last line but one was changed': (all) => all.with(4, all[4]?.replace('12:00', '12:01') ?? ''),
    'a line was removed': (all) => all.toSpliced(2, 1),
    'a line was put in twice': (all) => all.toSpliced(2, 0, all[2] ?? ''),
    'two lines were exchanged': (all) => all.with(2, all[3] ?? '').with(3, all[2] ?? ''),
    'a line was emptied': (all) => all.with(3, ''),
    'a line was made unreadable': (all) => all.with(3, 'x'),
    'the last line was made unreadable': (all) => all.with(5, 'x'),
    'the first record names one before it': (all) => [all[0]?.replace('0'.repeat(64), 'a'.repeat(64)) ?? ''],
    'an unreadable line was put in': (all) => all.toSpliced(3, 0, 'x'),
  };
  for (const [what, change] of Object.entries(changes)) {
    test(`${what} is not whole`, async () => {
      await assert.rejects(verifyAudit(changed(change)), broken);
    });
    test(`${what} is not gone on with`, async () => {
      await assert.rejects(openAuditWriter(changed(change), { now }), broken);
    });
  }

  test('a line was changed says where', async () => {
    const path = changed((all) => all.with(2, all[2]?.replace('"number":3', '"number":4') ?? ''));
    await assert.rejects(verifyAudit(path), (error) => {
      assert.ok(isEnclosError(error));
      assert.deepEqual([error.details['file'], error.details['line']], [path, 4]);
      return true;
    });
  });

  test('the end was cut off holds as a chain, and not against an anchor', async () => {
    const path = changed((all) => all.slice(0, 4));
    assert.equal((await verifyAudit(path)).head.seq, 4);
    await assert.rejects(verifyAudit(path, { anchor: (await verifyAudit(original)).head }), broken);
  });

  test('everything was written anew holds as a chain, and not against an anchor', async () => {
    const path = newAuditLog();
    const writer = await openAuditWriter(path, { now });
    for (let i = 1; i <= 7; i++) await writer.record({ event: 'test', number: i === 2 ? 99 : i });
    await writer.close();
    assert.equal((await verifyAudit(path)).records, 7);
    await assert.rejects(verifyAudit(path, { anchor: (await verifyAudit(original)).head }), broken);
  });

  test('nothing is there is not whole', async () => {
    await assert.rejects(verifyAudit(newAuditLog()), broken);
  });
});

describe('a log in several files', () => {
  const small = { maxFileBytes: 500 };

  test('goes on through all of them, and a platform goes on with the last', async () => {
    const path = newAuditLog();
    await writeLog(path, 10, small);
    const files = await auditFiles(path);
    const numbers = Array.from({ length: files.length - 1 }, (_, i) => `.00000${i + 1}`);
    assert.deepEqual(
      files.map((file) => file.slice(path.length)),
      [...numbers, ''],
    );
    assert.ok(files.length >= 3);
    await writeLog(path, 3, small);
    const summary = await verifyAudit(path);
    assert.deepEqual([summary.records, summary.head.seq], [13, 13]);
  });

  test('of which one in the middle is missing is not whole', async () => {
    const path = newAuditLog();
    await writeLog(path, 10, small);
    rmSync(`${path}.000002`);
    await assert.rejects(verifyAudit(path), broken);
  });

  test('of which one ends within a line is not whole', async () => {
    const path = newAuditLog();
    await writeLog(path, 10, small);
    writeFileSync(`${path}.000002`, readFileSync(`${path}.000002`).subarray(0, -1));
    await assert.rejects(verifyAudit(path), broken);
  });

  test('whose last was put aside when the platform was killed goes on', async () => {
    const path = newAuditLog();
    await writeLog(path, 4);
    renameSync(path, `${path}.000001`);
    assert.equal((await verifyAudit(path)).records, 4);
    await writeLog(path, 1);
    assert.ok(existsSync(path));
    assert.equal((await verifyAudit(path)).head.seq, 5);
  });

  test('is not confused by files of other names', async () => {
    const path = newAuditLog();
    await writeLog(path, 4);
    for (const name of ['.1', '.000001.gz', '.bak']) copyFileSync(path, `${path}${name}`);
    assert.equal((await verifyAudit(path)).records, 4);
  });
});

describe('an anchor', () => {
  test('is what a summary gives', () => {
    assert.deepEqual(parseAnchor(`12:${'ab'.repeat(32)}`), { seq: 12, hash: 'ab'.repeat(32) });
    for (const text of [
      '',
      '0:',
      `0:${'ab'.repeat(32)}`,
      `1:${'AB'.repeat(32)}`,
      `1:${'ab'.repeat(31)}`,
      `x1:${'ab'.repeat(32)}`,
    ]) {
      assert.equal(parseAnchor(text), undefined);
    }
  });
});
