import assert from 'node:assert/strict';
import { readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Examined, ItemReport, Notice } from '@enclos/endorsements';
import { enclos, errorOf, now, temporaryFolder, type Ran, type RunOptions } from '../../cli.ts';
import { startServing, type CliHere } from '../../running-cli.ts';
import { softwareQuote } from '../../software-quote.ts';

const folder = temporaryFolder();
const dayMs = 86_400_000;

interface Fetched {
  readonly items: readonly ItemReport[];
  readonly notices: readonly Notice[];
}

describe('enclos collateral', () => {
  let service: CliHere;
  let url = '';
  const at = (ms: number): RunOptions => ({ now: () => new Date(now.getTime() + ms) });
  const collateral = (argv: readonly string[], options: RunOptions = {}): Promise<Ran> =>
    enclos(['collateral', ...argv], { cwd: folder, env: { HOME: folder }, ...options });
  const source = (): readonly string[] => ['--source', 'pccs', '--url', url];
  const fetched = (ran: Ran): Fetched => ran.json() as unknown as Fetched;

  before(async () => {
    assert.equal((await enclos(['platform', 'init', '--state', 'state'], { cwd: folder })).code, 0);
    await enclos(['platform', 'show', '--state', 'state', '--root-out', 'root.pem'], { cwd: folder });
    writeFileSync(join(folder, 'quote.bin'), await softwareQuote(join(folder, 'state/machine')));
    service = await startServing(['--state', 'state', '--socket', 'c.sock', '--listen', '127.0.0.1:0'], folder);
    [, url = ''] = /collateral {2,}(http:\S+)/.exec(service.text()) ?? [];
  });
  after(() => {
    service.stop();
    return service.ended;
  });

  test('fetches what a quote of a served platform verifies with', async () => {
    const ran = await collateral(['fetch', 'quote.bin', ...source(), '--out', 'collateral.json']);
    assert.equal(ran.code, 0, ran.stderr);
    assert.match(
      ran.stdout,
      /^✔ tcb-info\?baseline=standard&fmspc=[0-9a-f]{12}&tee=sgx {2}from the source, until .*, evaluation number 1\n/,
    );
    assert.match(ran.stdout, /\nWrote .*collateral\.json\.\n$/);
    const verified = await enclos(
      ['verify', 'quote.bin', '--collateral', 'collateral.json', '--root', 'root.pem', '--json'],
      { cwd: folder },
    );
    assert.equal(verified.code, 0, verified.stdout);
    const again = fetched(await collateral(['fetch', 'quote.bin', ...source(), '--json']));
    assert.deepEqual(new Set(again.items.map(({ origin }) => origin)), new Set(['store']));
    assert.equal(readdirSync(join(folder, '.cache/enclos/collateral')).length, 4);
    assert.equal(statSync(join(folder, '.cache/enclos/collateral')).mode & 0o777, 0o700);
  });

  test('verify fetches what it is not given, keeps it, and says when there is no service', async () => {
    const given = ['verify', 'quote.bin', '--root', 'root.pem', '--cache', 'verify-cache', '--json'];
    const run = (argv: readonly string[]): Promise<Ran> => enclos([...given, ...argv], { cwd: folder });
    const first = await run(source());
    assert.equal(first.code, 0, first.stdout);
    assert.equal(first.json()['status'], 'CONFIGURATION_NEEDED');
    assert.equal((await run([...source(), '--offline'])).code, 0, 'from the cache');
    const gone = await run(['--source', 'pccs', '--url', 'http://127.0.0.1:1', '--refresh']);
    assert.equal(gone.code, 1);
    assert.match(errorOf(gone).code, /^ENDORSEMENTS_(UNREACHABLE|SOURCE_FAILED)$/);
    const short = readFileSync(join(folder, 'quote.bin')).subarray(0, 1000);
    writeFileSync(join(folder, 'short.bin'), short);
    const damaged = await enclos(['verify', 'short.bin', ...source(), '--root', 'root.pem', '--json'], { cwd: folder });
    assert.deepEqual([damaged.code, damaged.json()['step']], [3, 'quote-format']);
  });

  test('lists what is kept, and says what to do about it', async () => {
    await collateral(['fetch', 'quote.bin', ...source()]);
    const listed = (await collateral(['list', '--json'])).json() as { items: readonly Examined[] };
    assert.equal(listed.items.length, 4);
    assert.ok(listed.items.every(({ freshness, ageSeconds }) => freshness === 'fresh' && ageSeconds === 0));
    assert.match((await collateral(['list'])).stdout, /^✔ pck-crl\?ca=platform\n {2}source {3}pccs http:/);

    const doctor = await collateral(['doctor', ...source(), '--json']);
    const health = doctor.json() as { items: readonly Examined[]; healthy: boolean };
    assert.deepEqual([doctor.code, health.healthy, health.items.length], [0, true, 5]);
    const unknown = doctor.json() as { unknownNumbers: readonly { code: string }[] };
    assert.deepEqual(
      unknown.unknownNumbers.map(({ code }) => code),
      [],
    );

    const old = await collateral(['doctor', '--offline'], at(40 * dayMs));
    assert.equal(old.code, 5);
    assert.match(old.stdout, /^⚠ \d of 5 have expired or are not yet valid/);
    const fetchedOld = await collateral(['fetch', 'quote.bin', ...source(), '--offline'], at(40 * dayMs));
    assert.equal(fetchedOld.code, 5, fetchedOld.stderr);
    assert.match(fetchedOld.stdout, /^⚠ \d of 4 have expired or are not yet valid/);
    assert.doesNotMatch(fetchedOld.stdout, /✔/);
    assert.match(old.stdout, /✖ .*\n(?: {2}.*\n)+ {2}fix +Fetch it again: verifiers report it as expired/);
    assert.match((await collateral(['list', '--cache', 'empty'])).stdout, /^The cache is empty\.\n$/);
  });

  test('doctor compares with the numbers that are published, and says when it cannot', async () => {
    const lagFetched = await collateral(['fetch', 'quote.bin', ...source(), '--cache', 'lag']);
    assert.equal(lagFetched.code, 0, lagFetched.stderr);
    const published = ['platform', 'publish-tcb', `0301${'00'.repeat(13)}`, '--state', 'state'];
    assert.equal((await enclos(published, { cwd: folder })).code, 0);
    const ran = await collateral(['doctor', ...source(), '--cache', 'lag']);
    assert.equal(ran.code, 0, ran.stderr);
    assert.match(
      ran.stdout,
      /⚠ qe-identity.*\n(?: {2}.*\n)* {2}evaluation {2}1: 1 below the newest, 2, since 2026-06-01\n/,
    );
    const far = await collateral(['doctor', '--source', 'pccs', '--url', 'http://127.0.0.1:1', '--cache', 'blind'], {});
    assert.equal(far.code, 0);
    const blindFetched = await collateral(['fetch', 'quote.bin', ...source(), '--cache', 'blind']);
    assert.equal(blindFetched.code, 0, blindFetched.stderr);
    const blind = await collateral(['doctor', '--source', 'pccs', '--url', 'http://127.0.0.1:1', '--cache', 'blind']);
    assert.match(
      blind.stdout,
      /⚠ The evaluation numbers of sgx are not known: http:\/\/127\.0\.0\.1:1 cannot be reached/,
    );
  });

  test('a number that was withdrawn is an error that says so, and two baselines are a usage error', async () => {
    const gone = await collateral([
      'fetch',
      'quote.bin',
      ...source(),
      '--evaluation-number',
      '1',
      '--cache',
      'n',
      '--json',
    ]);
    assert.deepEqual(
      [gone.code, errorOf(gone).code, errorOf(gone).details['status']],
      [1, 'ENDORSEMENTS_WITHDRAWN', 410],
    );
    const both = await collateral(['fetch', 'quote.bin', ...source(), '--evaluation-number', '2', '--update', 'early']);
    assert.equal(both.code, 2);
    assert.match(both.stderr, /Give either --update or --evaluation-number/);
  });

  test('serves what is old while the source is away, with a notice', async () => {
    const away = ['--source', 'pccs', '--url', url, '--cache', 'away'];
    await collateral(['fetch', 'quote.bin', ...away]);
    const offline = fetched(await collateral(['fetch', 'quote.bin', ...away, '--offline', '--json'], at(3 * dayMs)));
    assert.deepEqual(new Set(offline.notices.map(({ kind }) => kind)), new Set(['stale']));
    const none = await collateral(['fetch', 'quote.bin', ...source(), '--offline', '--cache', 'nothing', '--json']);
    assert.deepEqual([none.code, errorOf(none).code], [1, 'ENDORSEMENTS_NOT_CACHED']);
  });

  test('a bundle carries it to a machine without a network', async () => {
    await collateral(['fetch', 'quote.bin', ...source(), '--cache', 'online', '--refresh']);
    const exported = await collateral(['export', 'bundle.json', '--cache', 'online']);
    assert.match(exported.stdout, /^Wrote 4 items to .*bundle\.json\.\n$/);
    const imported = await collateral(['import', 'bundle.json', '--cache', 'offline']);
    assert.equal(imported.stdout, 'Kept 4 of 4 items.\n');
    const used = await collateral(['fetch', 'quote.bin', ...source(), '--cache', 'offline', '--offline', '--json']);
    assert.deepEqual([used.code, fetched(used).notices], [0, []]);
    const text = readFileSync(join(folder, 'bundle.json'), 'utf8');
    writeFileSync(join(folder, 'damaged.json'), text.replace(/"body": "./, '"body": "#'));
    const damaged = await collateral(['import', 'damaged.json', '--cache', 'clean', '--json']);
    assert.deepEqual([damaged.code, errorOf(damaged).code], [3, 'ENDORSEMENTS_BUNDLE_INVALID']);
    assert.deepEqual(((await collateral(['list', '--cache', 'clean', '--json'])).json() as { items: [] }).items, []);
  });

  for (const [argv, why] of [
    [['fetch'], /Name the platform/],
    [['fetch', '--fmspc', '00906ed50000', '--ca', 'platform'], /Name the platform/],
    [['fetch', '--fmspc', 'xyz', '--ca', 'platform', '--tee', 'sgx'], /--fmspc is 6 bytes/],
    [['fetch', 'quote.bin', '--tee', 'sgx'], /leave out --fmspc/],
    [['fetch', 'quote.bin', '--source', 'pccs'], /needs --url/],
    [['fetch', 'quote.bin', '--place', 'host'], /--place goes with/],
    [['fetch', 'quote.bin', '--source', 'kds', '--api-key-file', 'x'], /--api-key-file goes with/],
    [['fetch', 'quote.bin', '--evaluation-number', '017'], /is a number from 1/],
    [['fetch', 'quote.bin', '--refresh', '--offline'], /Give either --refresh or --offline/],
    [['fetch', 'root.pem'], /ENDORSEMENTS_EVIDENCE_UNREADABLE/],
    [['fetch', 'quote.bin', '--source', 'pcs', '--url', 'http://pcs.example'], /neither https nor this machine/],
    [['fetch', 'quote.bin', '--source', 'kds'], /ENDORSEMENTS_REQUEST_INVALID/],
    [['export'], /FILE is missing/],
  ] as const) {
    test(`${argv.join(' ')}: usage`, async () => {
      const ran = await collateral(argv);
      assert.equal(ran.code, 2, ran.stderr);
      assert.match(ran.stderr, why);
    });
  }
});
