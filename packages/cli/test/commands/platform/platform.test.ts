import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseCollateral, softwareRoot } from '@enclos/attestation';
import type { PlatformFacts } from '@enclos/cli-platform';
import { createMachine, enrolmentRequest } from '@enclos/software-sgx';
import { connectSoftwarePlatform } from '@enclos/tee';
import { enclos, errorOf, now, temporaryFolder, type Ran, type RunOptions } from '../../cli.ts';
import { startServing } from '../../running-cli.ts';

const folder = temporaryFolder();
const state = join(folder, 'state');
const factsOf = (ran: Ran) => ran.json() as PlatformFacts;
const platform = (argv: readonly string[], options: RunOptions = {}) =>
  enclos(['platform', ...argv], { cwd: folder, ...options });
const made = await platform(['init', '--state', 'state', '--collateral-url', 'http://127.0.0.1:9', '--json']);

test('init makes a vendor and an enrolled machine, and repeats without a change', async () => {
  assert.equal(made.code, 0, made.stdout);
  const { vendor, machine } = factsOf(made);
  assert.equal(vendor?.collateralUrl, 'http://127.0.0.1:9');
  assert.deepEqual([machine?.enrolled, machine?.separation], [true, 'single-user']);
  assert.equal(statSync(join(state, 'machine')).mode & 0o077, 0);
  assert.deepEqual(factsOf(await platform(['init', '--state', 'state', '--json'])), factsOf(made));
});

test('without --state it is the state folder of the user', async () => {
  const home = temporaryFolder();
  const facts = factsOf(await platform(['init', '--only', 'machine', '--json'], { env: { HOME: home } }));
  assert.equal(facts.machine?.folder, join(home, '.local/state/enclos/machine'));
  const xdg = factsOf(
    await platform(['init', '--only', 'machine', '--json'], { env: { HOME: home, XDG_STATE_HOME: join(home, 'xdg') } }),
  );
  assert.equal(xdg.machine?.folder, join(home, 'xdg/enclos/machine'));
});

test('show tells for people and programs, and refuses an empty folder', async () => {
  assert.deepEqual(factsOf(await platform(['show', '--state', 'state', '--json'])), factsOf(made));
  const { stdout } = await platform(['show', '--state', 'state']);
  assert.match(stdout, /^Vendor \S+\n {2}root fingerprint {2}[0-9a-f]{64}\n/);
  assert.match(stdout, /\nMachine \S+\n {2}separation {8}single-user\n/);
  const none = await platform(['show', '--state', 'nothing', '--json']);
  assert.deepEqual([none.code, errorOf(none).code], [2, 'PLATFORM_FOLDER_INVALID']);
});

test('show writes collateral and root for a verifier', async () => {
  const ran = await platform(['show', '--state', 'state', '--collateral-out', 'c.json', '--root-out', 'root.pem']);
  assert.equal(ran.code, 0);
  parseCollateral(readFileSync(join(folder, 'c.json'), 'utf8'));
  assert.match(readFileSync(join(folder, 'root.pem'), 'utf8'), /^-----BEGIN CERTIFICATE-----/);
});

test('publish writes what nodes hand out and relying parties list, and issues it again when it is old', async () => {
  const vendor = join(state, 'vendor');
  const ran = await platform(['publish', '--vendor', vendor, '--out', 'published']);
  assert.equal(ran.code, 0, ran.stderr);
  const root = factsOf(made).vendor?.rootFingerprint ?? '';
  const collateral = join(folder, 'published/collateral', `${root}.json`);
  parseCollateral(readFileSync(collateral, 'utf8'));
  assert.equal(statSync(collateral).mode & 0o777, 0o644);
  assert.equal(readFileSync(join(folder, 'published/roots/fingerprints'), 'utf8'), `${root}\n`);
  const pem = readFileSync(join(folder, 'published/roots/roots.pem'), 'utf8');
  assert.equal((await softwareRoot(pem)).fingerprint, root);
  assert.match(
    ran.stdout,
    new RegExp(`^Vendor ${root}\n {2}collateral {2}\\S+/${root}\\.json\n {2}until {7}\\S+Z\nWrote `),
  );
  const later = new Date(now.getTime() + 16 * 86_400_000);
  const before = readFileSync(collateral, 'utf8');
  await platform(['publish', '--vendor', vendor, '--out', 'published'], { now: () => later });
  assert.ok(
    Date.parse(parseCollateral(readFileSync(collateral, 'utf8')).nextUpdate) > later.getTime() + 29 * 86_400_000,
  );
  assert.notEqual(readFileSync(collateral, 'utf8'), before);
});

test('publish writes two vendors during a change of roots, and one of them afterwards', async () => {
  await platform(['init', '--state', 'second', '--only', 'vendor']);
  const [old, next] = [join(state, 'vendor'), join(folder, 'second/vendor')];
  const both = await platform(['publish', '--vendor', old, '--vendor', next, '--out', 'rotated', '--json']);
  const roots = (both.json() as { vendors: { rootFingerprint: string }[] }).vendors.map((each) => each.rootFingerprint);
  assert.equal(new Set(roots).size, 2);
  assert.deepEqual(readdirSync(join(folder, 'rotated/collateral')).sort(), roots.map((root) => `${root}.json`).sort());
  assert.equal(
    readFileSync(join(folder, 'rotated/roots/fingerprints'), 'utf8'),
    roots.map((root) => `${root}\n`).join(''),
  );
  assert.equal(readFileSync(join(folder, 'rotated/roots/roots.pem'), 'utf8').match(/BEGIN CERTIFICATE/g)?.length, 2);
  assert.equal((await platform(['publish', '--vendor', next, '--out', 'rotated'])).code, 0);
  assert.deepEqual(readdirSync(join(folder, 'rotated/collateral')), [`${roots[1]}.json`]);
  const twice = await platform(['publish', '--vendor', next, '--vendor', next, '--out', 'rotated']);
  assert.deepEqual([twice.code, twice.stderr.includes('Two of the folders are of one vendor.')], [2, true]);
});

test('vendor and machine on two computers: a request, an issue, an installation', async () => {
  assert.equal((await platform(['init', '--state', 'far', '--only', 'machine'])).code, 0);
  assert.deepEqual(readdirSync(join(folder, 'far')), ['machine']);
  assert.match(
    (await platform(['show', '--state', 'far'])).stdout,
    /enrolled {10}no\n {2}root fingerprint {2}none yet\n⚠ Not enrolled/,
  );
  const enrol = async (...argv: readonly string[]) => {
    const ran = await platform(['enrol', ...argv]);
    assert.equal(ran.code, 0, ran.stderr);
    return ran.stdout;
  };
  await enrol('--machine', 'far/machine', '--request-out', 'request.json');
  const { machine } = factsOf(await platform(['show', '--state', 'far', '--json']));
  const said = await enrol('--vendor', 'state/vendor', '--request', 'request.json', '--issue-out', 'pck.json');
  const wanted = `Certified\n  PPID        ${machine?.ppid}\n  separation  single-user\n  CPUSVN      ${machine?.cpuSvn}\n  PCESVN      1\n`;
  assert.ok(said.includes(wanted), said);
  const wrong = await platform([
    'enrol',
    '--machine',
    'far/machine',
    '--install',
    'pck.json',
    '--root-fingerprint',
    '00'.repeat(32),
    '--json',
  ]);
  assert.deepEqual([wrong.code, errorOf(wrong).code], [1, 'ENROLMENT_REFUSED']);
  const { rootFingerprint = '' } = factsOf(made).vendor ?? {};
  const installed = await enrol(
    '--machine',
    'far/machine',
    '--install',
    'pck.json',
    '--root-fingerprint',
    rootFingerprint,
  );
  assert.match(installed, new RegExp(`enrolled {10}yes\n {2}root fingerprint {2}${rootFingerprint}\n`));
});

test('another root is refused once a machine has one, unless it is provisioned anew', async () => {
  assert.equal((await platform(['init', '--state', 'other', '--only', 'vendor'])).code, 0);
  const enrol = ['enrol', '--vendor', 'other/vendor', '--machine', 'far/machine', '--json'];
  const refused = await platform(enrol);
  assert.deepEqual([refused.code, errorOf(refused).code], [1, 'ENROLMENT_REFUSED']);
  const moved = factsOf(await platform([...enrol, '--reprovision']));
  assert.equal(moved.machine?.rootFingerprint, moved.vendor?.rootFingerprint);
  const back = ['enrol', '--machine', 'far/machine', '--install', 'pck.json', '--json'];
  assert.equal((await platform(back)).code, 1);
  assert.equal((await platform([...back, '--reprovision'])).code, 0);
  const odd = await platform([
    'enrol',
    '--machine',
    'far/machine',
    '--request-out',
    'x.json',
    '--reprovision',
    '--json',
  ]);
  assert.deepEqual([odd.code, errorOf(odd).code], [2, 'CLI_USAGE']);
});

test('a request that says separated is certified only with --allow-separated, and it is said', async () => {
  const separated = await createMachine(join(folder, 'separated'), { separation: 'separated' });
  writeFileSync(join(folder, 'separated.json'), JSON.stringify(enrolmentRequest(separated)));
  const issue = ['enrol', '--vendor', 'state/vendor', '--request', 'separated.json', '--issue-out', 's.json', '--json'];
  const refused = await platform(issue);
  assert.deepEqual([refused.code, errorOf(refused).code], [1, 'ENROLMENT_REFUSED']);
  assert.equal(existsSync(join(folder, 's.json')), false);
  const { certified } = factsOf(await platform([...issue, '--allow-separated']));
  const { ppid, cpuSvn, pceSvn } = separated;
  assert.deepEqual(certified, { ppid, separation: 'separated', cpuSvn, pceSvn });
});

test('a request that was changed is refused, and so is what was issued to another machine', async () => {
  const request = JSON.parse(readFileSync(join(folder, 'request.json'), 'utf8')) as Record<string, unknown>;
  writeFileSync(join(folder, 'forged.json'), JSON.stringify({ ...request, ppid: '00'.repeat(16) }));
  const forged = await platform([
    'enrol',
    '--vendor',
    'state/vendor',
    '--request',
    'forged.json',
    '--issue-out',
    'x.json',
    '--json',
  ]);
  assert.deepEqual([forged.code, errorOf(forged).code], [1, 'ENROLMENT_REFUSED']);
  assert.equal(existsSync(join(folder, 'x.json')), false);
  const other = await platform(['enrol', '--machine', 'state/machine', '--install', 'pck.json', '--json']);
  assert.deepEqual([other.code, errorOf(other).code], [1, 'ENROLMENT_REFUSED']);
  writeFileSync(join(folder, 'text.json'), 'no');
  const text = await platform(['enrol', '--machine', 'far/machine', '--install', 'text.json', '--json']);
  assert.deepEqual([text.code, errorOf(text).code], [2, 'CLI_FILE_INVALID']);
});

test('a TCB recovery: publish-tcb first, then set-cpusvn ends the enrolment, and enrol brings it back', async () => {
  const raised = '03010000000000000000000000000001';
  const set = factsOf(await platform(['set-cpusvn', raised, '--pcesvn', '2', '--state', 'far', '--json']));
  assert.deepEqual([set.machine?.cpuSvn, set.machine?.pceSvn, set.machine?.enrolled], [raised, 2, false]);
  const enrol = ['enrol', '--vendor', 'state/vendor', '--machine', 'far/machine', '--json'];
  const early = await platform(enrol);
  assert.deepEqual([early.code, errorOf(early).code], [1, 'ENROLMENT_REFUSED']);
  const publish = ['publish-tcb', raised.slice(0, 30), '--pcesvn', '2', '--state', 'state', '--json'];
  assert.equal(factsOf(await platform(publish)).vendor?.tcbEvaluationDataNumber, 2);
  const twice = await platform(publish);
  assert.deepEqual([twice.code, errorOf(twice).code], [2, 'TCB_REFUSED']);
  const again = await platform(enrol);
  assert.equal(factsOf(again).machine?.enrolled, true);
  const wrong = await platform(['set-cpusvn', '03010000000000000000000000000002', '--state', 'far', '--json']);
  assert.deepEqual([wrong.code, errorOf(wrong).code], [2, 'TCB_REFUSED']);
});

test('serve answers hosts on a socket and verifiers over HTTP until a signal ends it', async () => {
  const socket = join(folder, 'p.sock');
  const served = await startServing(['--state', 'state', '--socket', 'p.sock', '--listen', '127.0.0.1:0'], folder);
  const [, url = ''] = /collateral {2,}(http:\S+)/.exec(served.text()) ?? [];
  const answer = await fetch(`${url}/sgx/certification/v4/rootcacrl`);
  assert.deepEqual([answer.status, answer.headers.get('content-type')], [200, 'text/plain;charset=UTF-8']);
  assert.match(await answer.text(), /^[0-9a-f]+$/);
  const head = await fetch(`${url}/sgx/certification/v4/qe/identity`, { method: 'HEAD' });
  assert.deepEqual([head.status, await head.text()], [200, '']);
  assert.ok(head.headers.has('SGX-Enclave-Identity-Issuer-Chain'));
  assert.equal((await fetch(`${url}/nothing`)).status, 404);
  assert.equal((await fetch(url, { method: 'POST', body: 'x' })).status, 405);
  const launcher = await connectSoftwarePlatform(socket);
  assert.equal((await launcher.describe()).separation, 'single-user');
  await launcher.close();
  const second = await platform(['serve', '--state', 'state', '--socket', 'p.sock', '--json']);
  assert.match(second.stderr + second.stdout, /CLI_USAGE/);
  const taken = await platform(['serve', '--state', 'state', '--socket', 'p.sock']);
  assert.match(taken.stderr, /✖ CLI_ADDRESS_IN_USE: Another platform already listens at /);
  const busy = await platform(['serve', '--state', 'state', '--socket', 'q.sock', '--listen', new URL(url).host]);
  assert.match(busy.stderr, /✖ CLI_ADDRESS_IN_USE: Another program already listens at 127/);
  served.stop();
  assert.equal((await served.ended).code, 0);
  assert.equal(existsSync(socket), false);
  await assert.rejects(fetch(url));
});

test('serve takes the place of a socket that a killed platform left', async () => {
  const socket = join(folder, 'left.sock');
  const killed = `require('net').createServer().listen(${JSON.stringify(socket)}, () => process.kill(process.pid, 'SIGKILL'))`;
  spawnSync(process.execPath, ['-e', killed]);
  assert.ok(statSync(socket).isSocket());
  const served = await startServing(['--state', 'far', '--socket', 'left.sock'], folder);
  assert.match(served.text(), /collateral {2,}not served: the vendor is elsewhere/);
  await new Promise<void>((resolve, reject) => {
    const connection = connect(socket, () => {
      connection.destroy();
      resolve();
    });
    connection.once('error', reject);
  });
  served.stop();
  assert.equal((await served.ended).code, 0);
});

test('serve refuses a machine that is not there, or not enrolled', async () => {
  const none = await platform(['serve', '--state', 'nothing']);
  assert.deepEqual([none.code, none.stderr.split(':')[0]], [2, '✖ PLATFORM_FOLDER_INVALID']);
  await platform(['init', '--state', 'lone', '--only', 'machine']);
  const lone = await platform(['serve', '--state', 'lone']);
  assert.match(lone.stderr, /✖ PLATFORM_NOT_ENROLLED/);
});

test('the clock of the command line is the clock of the documents', () => {
  const { vendor } = factsOf(made);
  assert.equal(vendor?.documentsUntil, new Date(now.getTime() + 30 * 86_400_000).toISOString());
});

test('a separated machine is made on purpose, and enrolled on purpose', async () => {
  const init = await platform(['init', '--state', 'apart', '--separated', '--json']);
  assert.deepEqual([factsOf(init).machine?.separation, factsOf(init).machine?.enrolled], ['separated', false]);
  const both = ['--vendor', 'apart/vendor', '--machine', 'apart/machine'];
  const refused = await platform(['enrol', ...both, '--json']);
  assert.deepEqual([refused.code, errorOf(refused).code], [1, 'ENROLMENT_REFUSED']);
  const allowed = await platform(['enrol', ...both, '--allow-separated', '--json']);
  assert.equal(factsOf(allowed).machine?.enrolled, true);
});

test('serve takes the options of separation together, with numeric users', async () => {
  const users = ['--host-user', '60000', '--enclave-users', '61000-61255'];
  const wrong: readonly [argv: readonly string[], why: RegExp][] = [
    [users, /go with --separated/],
    [['--runtime', 'x'], /go with --separated/],
    [['--separated'], /needs --host-user and --enclave-users/],
    [['--separated', '--host-user', '60000'], /needs --host-user and --enclave-users/],
    [['--separated', ...users, '--socket', 'x'], /--socket does not go with --separated/],
    [['--separated', '--host-user', 'alice', '--enclave-users', '1-2'], /--host-user takes numeric users, not "alice"/],
    [['--separated', '--host-user', '', '--enclave-users', '1-2'], /--host-user takes numeric users/],
    [['--separated', '--host-user', '5,', '--enclave-users', '1-2'], /--host-user takes numeric users/],
    [['--separated', '--host-user', '5', '--enclave-users', '61000'], /--enclave-users takes numeric users/],
    [['--separated', '--host-user', '5', '--enclave-users', '1-2-3'], /--enclave-users is FIRST-LAST/],
    [['--separated', '--host-user', '5', '--enclave-users', '-5-9'], /--enclave-users/],
  ];
  for (const [argv, why] of wrong) {
    const ran = await platform(['serve', '--state', 'apart', ...argv]);
    assert.equal(ran.code, 2, argv.join(' '));
    assert.match(ran.stderr, why, argv.join(' '));
  }
});
