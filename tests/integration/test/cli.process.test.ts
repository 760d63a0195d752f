import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { measure } from '@enclos/cli';
import { freePort } from '@enclos/testkit';
import {
  enclosBin as bin,
  repository,
  startProgram,
  type Ran,
  type Running,
} from '@enclos/process-kit/processes/programs';

const folder = mkdtempSync(join(tmpdir(), 'enclos-cli-process-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const project = join(folder, 'greeter');
const state = join(folder, 'state');

/** Starts the command as a user does: another process, with pipes. */
const start = (argv: readonly string[], cwd = project): Running =>
  startProgram([process.execPath, bin, ...argv], { cwd, env: { XDG_STATE_HOME: state } });

const enclos = (argv: readonly string[], cwd = project): Promise<Ran> => start(argv, cwd).ended;
const run = (...more: readonly string[]): Promise<Ran> => enclos(['run', '--isolation=best', ...more]);

function jsonLines(text: string): readonly Readonly<Record<string, unknown>>[] {
  // Each line is an object: the test compares its members.
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

function edit(path: string, change: (text: string) => string): void {
  const file = join(project, path);
  writeFileSync(file, change(readFileSync(file, 'utf8')));
}

const template = { host: '', edl: '', enclave: '' };

test('new: a project from nothing', async () => {
  const { code, stdout } = await enclos(['new', 'greeter'], folder);
  assert.equal(code, 0);
  assert.match(
    stdout,
    /\nNext:\n {2}cd greeter\n {2}npm install\n {2}npm start\n\n⚠ This command runs from the repository,/,
  );
  // What npm install would do, without a registry.
  symlinkSync(join(repository, 'node_modules'), join(project, 'node_modules'));
  template.host = readFileSync(join(project, 'src/host.ts'), 'utf8');
  template.edl = readFileSync(join(project, 'src/greeter.edl.ts'), 'utf8');
  template.enclave = readFileSync(join(project, 'src/greeter.enclave.ts'), 'utf8');
});

test('run: builds, makes a development key, starts a platform, runs the host; the next run makes the same enclave', async () => {
  const first = await run();
  assert.equal(first.code, 0, first.stderr);
  assert.match(
    first.stdout,
    /^Good (?:morning|afternoon|evening), Ada\. \(greeting 1\)\nGood \w+, Grace\. \(greeting 2\)\n$/,
  );
  const [built = ''] = /enclos: built greeter in \d+ ms, MRENCLAVE [0-9a-f]{64}\n/.exec(first.stderr) ?? [];
  assert.notEqual(built, '', first.stderr);
  assert.match(first.stderr, /enclos: made a development key, /);
  assert.match(first.stderr, /\nSIMULATION software platform: /);
  const second = await run('--', 'Alan', '--json');
  assert.equal(second.code, 0, second.stderr);
  assert.match(second.stdout, /^Good \w+, Alan\. .*\nGood \w+, --json\. /);
  assert.doesNotMatch(second.stderr, /development key/);
  assert.ok(second.stderr.includes(built.slice(built.indexOf('MRENCLAVE'))), second.stderr);
});

test('build: the same enclave that run built, and inspect and measure agree', async () => {
  const image = join(project, '.enclos/greeter.sgxs');
  const before = readFileSync(image);
  const built = JSON.parse((await enclos(['build', '--json'])).stdout) as { mrEnclave: string };
  assert.deepEqual(readFileSync(image), before);
  assert.equal((await enclos(['measure', image])).stdout, `${built.mrEnclave}\n`);
  assert.ok((await enclos(['inspect', image])).stdout.includes(built.mrEnclave));
});

test('run builds again after a change of a source', async () => {
  edit('src/greeter.enclave.ts', (text) => text.replace('Good ', 'A good '));
  const changed = await run('--', 'Ada');
  assert.match(changed.stdout, /^A good /, changed.stderr);
  assert.match(changed.stderr, /enclos: built greeter /);
});

test('run --debug runs a debug enclave beside the other one', async () => {
  writeFileSync(
    join(project, 'src/host.ts'),
    template.host.replace('try {', 'console.log(enclave.identity.debug);\ntry {'),
  );
  assert.match((await run('--debug')).stdout, /^true\n/);
  assert.match((await run()).stdout, /^false\n/);
});

test('run --relayed runs the relayed image beside the other one, and --debug changes that one too', async () => {
  const before = readFileSync(join(project, 'enclave.json'), 'utf8');
  const listen = [{ name: 'clients', port: await freePort(), transport: 'passed' }];
  writeFileSync(join(project, 'enclave.json'), JSON.stringify({ ...(JSON.parse(before) as object), listen }));
  const told = "console.log(process.env['ENCLOS_IMAGE'], Buffer.from(enclave.identity.mrEnclave).toString('hex'));";
  writeFileSync(join(project, 'src/host.ts'), template.host.replace('try {', `${told}\ntry {`));
  for (const [words, place] of [
    [['--relayed'], '.enclos/relayed'],
    [['--relayed', '--debug'], '.enclos/relayed/debug'],
  ] as const) {
    const image = join(project, place, 'greeter.sgxs');
    const { stdout, stderr } = await run(...words);
    const [path, mrEnclave] = stdout.split('\n')[0]?.split(' ') ?? [];
    assert.equal(path, image, stderr);
    assert.match(stderr, /\nenclos: the connections of greeter are relayed\n/);
    assert.equal((await enclos(['measure', image])).stdout, `${mrEnclave}\n`);
    assert.match((await enclos(['inspect', image])).stdout, /clients {2}\d+ {2}relayed/);
  }
  writeFileSync(join(project, 'enclave.json'), before);
});

test('run says how the connections of each stream reach the enclave', async () => {
  const before = readFileSync(join(project, 'enclave.json'), 'utf8');
  const listen = [
    { name: 'clients', port: await freePort(), transport: 'either' },
    { name: 'admin', port: await freePort() },
  ];
  writeFileSync(join(project, 'enclave.json'), JSON.stringify({ ...(JSON.parse(before) as object), listen }));
  writeFileSync(join(project, 'src/host.ts'), template.host);
  const { stderr } = await run();
  const transport = /isolation without .*seccomp/.test(stderr) ? 'relayed' : 'passed';
  const said = transport === 'relayed' ? ' are relayed' : ': clients passed, admin relayed';
  assert.ok(stderr.includes(`\nenclos: the connections of greeter${said}\n`), stderr);
  const [running] = jsonLines((await run('--json')).stdout).filter(({ event }) => event === 'running');
  assert.deepEqual(running?.['streams'], [
    { kind: 'listen', name: 'clients', transport },
    { kind: 'listen', name: 'admin', transport: 'relayed' },
  ]);
  writeFileSync(join(project, 'enclave.json'), before);
});

test('run ends with the exit code of the host', async () => {
  writeFileSync(join(project, 'src/host.ts'), 'process.exitCode = 7;\n');
  assert.equal((await run()).code, 7);
});

test('run hands a signal on, and leaves no platform behind', async () => {
  writeFileSync(
    join(project, 'src/host.ts'),
    "process.on('SIGTERM', () => process.exit(5));\nsetInterval(() => undefined, 1000);\nconsole.log(process.env['ENCLOS_PLATFORM']);\n",
  );
  const running = start(['run', '--isolation=best']);
  const [socket] = await running.until(/^\S+platform\.sock$/m);
  assert.ok(existsSync(socket));
  running.child.kill('SIGTERM');
  assert.equal((await running.ended).code, 5);
  assert.equal(existsSync(socket), false);
});

test('run tells of a host that a signal ended, as a shell does', async () => {
  writeFileSync(join(project, 'src/host.ts'), "process.kill(process.pid, 'SIGKILL');\n");
  assert.equal((await run()).code, 128 + 9);
});

test('a quote of the enclave passes verify by its root, its nonce and a policy, and no other nonce', async () => {
  writeFileSync(
    join(project, 'src/greeter.edl.ts'),
    template.edl
      .replace(
        'trusted: {',
        'trusted: {\n    evidence: func({ nonce: bytes({ exactBytes: 16 }) }, bytes({ maxBytes: 65_536 })),',
      )
      .replace('import {', 'import { bytes,'),
  );
  writeFileSync(
    join(project, 'src/greeter.enclave.ts'),
    template.enclave
      .replace(
        'defineEnclave(app, {',
        "defineEnclave(app, {\n  evidence: ({ nonce }) => quote({ purpose: 'greeting', nonce }),",
      )
      .replace('log }', 'log, quote }'),
  );
  writeFileSync(
    join(project, 'src/host.ts'),
    template.host
      .replace(
        'try {',
        "try {\n  writeFileSync('quote.bin', await enclave.call.evidence({ nonce: new Uint8Array(16).fill(7) }));",
      )
      .replace('import {', "import { writeFileSync } from 'node:fs';\nimport {"),
  );
  const ran = await run();
  assert.equal(ran.code, 0, ran.stderr);
  const shown = await enclos(['platform', 'show', '--collateral-out', 'collateral.json', '--json']);
  const { vendor } = JSON.parse(shown.stdout) as { vendor: { rootFingerprint: string } };
  const { mrEnclave } = await measure(join(project, '.enclos/greeter.sgxs'));
  const policy = {
    mrEnclave: [mrEnclave],
    minimumSecurityVersion: 1,
    acceptedStatuses: ['CONFIGURATION_NEEDED'],
    acceptedAdvisoryIds: ['ENCLOS-SA-00001'],
    intelRoot: false,
    softwareRoots: [vendor.rootFingerprint],
  };
  writeFileSync(join(project, 'policy.json'), JSON.stringify(policy));
  const verify = ['verify', 'quote.bin', '--collateral', 'collateral.json', '--software-root', vendor.rootFingerprint];
  const appraise = (nonce: string) =>
    enclos([...verify, '--policy', 'policy.json', '--purpose', 'greeting', '--nonce', nonce]);
  const accepted = await appraise('07'.repeat(16));
  assert.equal(accepted.code, 0, accepted.stderr);
  assert.equal((await appraise('08'.repeat(16))).code, 4);
  assert.equal((await enclos([...verify.slice(0, -2), '--intel-root'])).code, 3);
});

test('platform serve: a platform of its own, which run uses', async () => {
  writeFileSync(join(project, 'src/host.ts'), template.host);
  const served = start(['platform', 'serve', '--listen', '127.0.0.1:0']);
  const [, socket = ''] = await served.until(/socket +(\S+)\n[^]*isolation/);
  const ran = await run('--platform', socket);
  assert.match(ran.stdout, /Ada/, ran.stderr);
  served.child.kill('SIGTERM');
  assert.equal((await served.ended).code, 0);
  const lost = await run('--platform', socket);
  assert.equal(lost.code, 1);
  assert.match(lost.stderr, /✖ TEE_PLATFORM_UNREACHABLE/);
});

test('a pipe that closes early is no failure', async () => {
  const running = start(['help', 'verify']);
  running.child.stdout?.destroy();
  const { code, stderr } = await running.ended;
  assert.deepEqual([code, stderr], [0, '']);
});
