import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import type { AuditRecord, AuditSummary } from '@enclos/software-sgx';
import { connectSoftwarePlatform } from '@enclos/tee';
import { enclos, errorOf, temporaryFolder, type RunOptions } from '../../cli.ts';
import { startServing } from '../../running-cli.ts';

const folder = temporaryFolder();
const log = join(folder, 'a.log');
const platform = (argv: readonly string[], options: RunOptions = {}) =>
  enclos(['platform', ...argv], { cwd: folder, ...options });

async function recordsOf(...argv: readonly string[]): Promise<readonly AuditRecord[]> {
  return (await platform(['audit', 'show', 'a.log', '--json', ...argv])).json()['records'] as readonly AuditRecord[];
}

async function summaryOf(): Promise<AuditSummary> {
  return (await platform(['audit', 'verify', 'a.log', '--json'])).json() as unknown as AuditSummary;
}

/** Serves until a host has come and gone. */
async function serveOnce(): Promise<number> {
  const argv = ['--state', 'state', '--socket', 'p.sock', '--listen', '127.0.0.1:0', '--audit', 'a.log'];
  const served = await startServing(argv, folder);
  const launcher = await connectSoftwarePlatform(join(folder, 'p.sock'));
  await launcher.describe();
  await launcher.close();
  served.stop();
  return (await served.ended).code;
}

describe('the audit log of the command line', () => {
  before(async () => {
    for (const argv of [
      ['init', '--state', 'state', '--audit', 'a.log'],
      ['publish-tcb', '020100000000000000000000000000', '--state', 'state', '--audit', 'a.log'],
      ['set-cpusvn', '02010000000000000000000000000001', '--state', 'state', '--audit', 'a.log'],
      ['enrol', '--vendor', 'state/vendor', '--machine', 'state/machine', '--audit', 'a.log'],
    ]) {
      const ran = await platform(argv);
      assert.equal(ran.code, 0, ran.stderr);
    }
    assert.equal(await serveOnce(), 0);
  });

  test('holds every change of a platform, and its service', async () => {
    const records = await recordsOf();
    assert.deepEqual(
      records.map(({ event }) => event),
      [
        'platform-initialized',
        'tcb-published',
        'cpusvn-set',
        'enrolment',
        'platform-started',
        'host-connected',
        'host-disconnected',
        'platform-stopped',
      ],
    );
    assert.deepEqual(
      records
        .slice(0, 4)
        .map(({ fields }) => [fields['code'], fields['tcbEvaluation'], fields['cpuSvn'], fields['enrolled']]),
      [
        ['OK', 1, '01010000000000000000000000000001', true],
        ['OK', 2, undefined, undefined],
        ['OK', undefined, '02010000000000000000000000000001', false],
        ['OK', 2, '02010000000000000000000000000001', true],
      ],
    );
  });

  test('holds a change that was refused', async () => {
    const ran = await platform(['publish-tcb', '01'.repeat(15), '--state', 'none', '--audit', 'b.log']);
    assert.notEqual(ran.code, 0);
    assert.match(
      readFileSync(join(folder, 'b.log'), 'utf8'),
      /"event":"tcb-published","code":"PLATFORM_FOLDER_INVALID"/,
    );
  });

  test('that cannot be written prevents the change', async () => {
    const ran = await platform(['init', '--state', 'unmade', '--audit', 'no/such/folder/a.log', '--json']);
    assert.deepEqual([ran.code, errorOf(ran).code], [1, 'PLATFORM_AUDIT_FAILED']);
    assert.equal(existsSync(join(folder, 'unmade')), false);
  });

  test('is shown for people and programs, in part when asked for', async () => {
    assert.equal((await recordsOf('--last', '2')).length, 2);
    assert.deepEqual(
      (await recordsOf('--event', 'cpusvn-set', '--event', 'enrolment')).map(({ seq }) => seq),
      [3, 4],
    );
    assert.deepEqual(await recordsOf('--enclave', '1.1'), []);
    const { stdout } = await platform(['audit', 'show', 'a.log', '--last', '1']);
    assert.match(stdout, /^ {5}8 {2}2026-06-01T12:00:00.000Z {2}platform-stopped {2}running=0\n$/);
    assert.equal((await platform(['audit', 'show', 'a.log', '--last', 'all'])).code, 2);
  });

  test('is verified, also against a head that was noted', async () => {
    const { head, records } = await summaryOf();
    assert.deepEqual([records, head.seq], [8, 8]);
    const anchor = `${head.seq}:${head.hash}`;
    const ran = await platform(['audit', 'verify', 'a.log', '--anchor', anchor]);
    assert.equal(ran.code, 0);
    assert.match(ran.stdout, new RegExp(`^✔ The chain holds\\.\n(?:.*\n)*  head {8}${anchor}\n$`));
    const other = await platform(['audit', 'verify', 'a.log', '--json', '--anchor', `7:${head.hash}`]);
    assert.deepEqual([other.code, errorOf(other).code], [3, 'PLATFORM_AUDIT_BROKEN']);
    assert.equal((await platform(['audit', 'verify', 'a.log', '--anchor', 'x'])).code, 2);
  });

  test('that was changed: verify refuses it, show goes as far as the chain, nothing is added', async () => {
    const whole = readFileSync(log, 'utf8');
    writeFileSync(log, whole.replace('"event":"enrolment"', '"event":"enrolmenu"'));
    const verified = await platform(['audit', 'verify', 'a.log', '--json']);
    assert.deepEqual([verified.code, errorOf(verified).details['line']], [3, 5]);
    const shown = await platform(['audit', 'show', 'a.log', '--json']);
    assert.equal(shown.code, 3);
    assert.equal((shown.json()['records'] as unknown[]).length, 4);
    const changed = await platform(['init', '--state', 'state', '--audit', 'a.log', '--json']);
    assert.deepEqual([changed.code, errorOf(changed).code], [3, 'PLATFORM_AUDIT_BROKEN']);
    writeFileSync(log, whole);
    assert.equal((await summaryOf()).records, 8);
  });
});
