import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { EmbeddedPlatform } from '@enclos/software-sgx';
import { createWorkshop } from '@enclos/process-kit';
import { enclosBin, newProject, startProgram, type Ran } from '@enclos/process-kit/processes/programs';

// What a person reads when their first enclave fails: nothing of Node's own traces, why, where, and what to do.

const secret = 'the launch code is 7-4-1-9';
const workshop = createWorkshop();
const home = mkdtempSync(join(tmpdir(), 'enclos-failures-'));
const project = join(home, 'app');
const enclaveFile = join(project, 'src/app.enclave.ts');
const hostFile = join(project, 'src/host.ts');
const manifestFile = join(project, 'enclave.json');
let platform: EmbeddedPlatform;
let enclaveSource = '';
let hostSource = '';
let manifest = '';

before(async () => {
  platform = await workshop.startPlatform('failures');
  await newProject(home, 'app');
  enclaveSource = readFileSync(enclaveFile, 'utf8');
  hostSource = readFileSync(hostFile, 'utf8');
  manifest = readFileSync(manifestFile, 'utf8');
});
after(async () => {
  await platform.close();
  await workshop.close();
  rmSync(home, { recursive: true, force: true });
});

interface Project {
  /** The enclave's source. */
  readonly enclave?: string | undefined;
  readonly host?: string | undefined;
  readonly settings?: object | undefined;
  readonly env?: Readonly<Record<string, string>> | undefined;
}

async function run({ enclave, host, settings = {}, env }: Project, ...flags: readonly string[]): Promise<Ran> {
  writeFileSync(enclaveFile, enclave ?? enclaveSource);
  writeFileSync(hostFile, host ?? hostSource);
  writeFileSync(manifestFile, JSON.stringify({ ...(JSON.parse(manifest) as object), ...settings }));
  const command = [process.execPath, enclosBin, 'run', 'app', '--platform', platform.socketPath, '--isolation', 'best'];
  return startProgram([...command, ...flags], { cwd: home, ...(env === undefined ? {} : { env }) }).ended;
}

/** The template's enclave, with code at its top level. */
const atTop = (code: string): string => `${enclaveSource}\n${code}\n`;
/** The template's enclave, with code at the beginning of its function. */
const inCall = (code: string): string => enclaveSource.replace('count += 1;', `count += 1;\n    ${code}`);
/** The template's host, with another call. */
const calling = (code: string): string =>
  hostSource
    .replace('await enclave.call.greet({ name })', code)
    .replace('interface: app,', 'interface: app, callTimeoutMs: 300,');

/** What the host program said last. No line of it is a trace of Node, or of Enclos. */
function said({ code, stderr }: Ran, expected: RegExp): string {
  const at = stderr.indexOf('✖ ');
  const text = stderr.slice(at);
  assert.ok(at >= 0, stderr);
  assert.match(text, expected);
  assert.ok(
    !/node:internal|\[eval\]|packages.runtime|packages.model|\bconst enclave = [^a]|\n {4}at /.test(stderr),
    stderr,
  );
  assert.match(text, /^ {2}next: \S.*$/m);
  assert.equal(code, 1);
  return text;
}

const fullHeap = 'const all: unknown[] = []; for (;;) all.push(new Array(1e5).fill({}));';
const startFailed = /^✖ ENCLAVE_START_FAILED: The enclave did not start\. /;
const loading = / {2}src\/host\.ts:5:\d+\n {2}5 │ const enclave = await loadEnclave\(\{\n/;
const calls = / {2}src\/host\.ts:\d+:\d+\n {2}\d+ │ .* = await .*greet\(\{ name \}.*\n +│ +\^\n/;

describe('an enclave that does not start', { timeout: 300_000 }, () => {
  const cases: readonly (readonly [what: string, code: string, why: RegExp, shown: RegExp])[] = [
    [
      'throws at the top level of a module',
      `throw new Error('${secret}');`,
      /Its code failed before it was ready: a module threw, or used a name that does not exist inside/,
      /\n {2}The enclave could not start: Error: the launch code .*\n {6}at src\/app\.enclave\.ts:15:7\n/,
    ],
    [
      'ends its process',
      `Reflect.get(globalThis, 'process').exit(7);`,
      /Its code failed before it was ready/,
      /\n {2}The enclave could not start: TypeError: .*exit is not a function\n {6}at src\/app\.enclave\.ts:15:\d+\n/,
    ],
    [
      'uses a global that is not there',
      'if (typeof fetch !== "function") void fetch("x");',
      /Its code failed before it was ready/,
      /\n {2}The enclave could not start: ReferenceError: fetch is not defined\n {6}at src\/app\.enclave\.ts:15:\d+\n/,
    ],
    [
      'rejects where nothing catches it',
      `void Promise.reject(new Error('${secret}'));`,
      /An error that its code did not catch ended the enclave with code 1\./,
      /\n {2}Error: the launch code .*\n {6}at src\/app\.enclave\.ts:15:\d+\n/,
    ],
    [
      'fills its heap',
      fullHeap,
      /The enclave ran out of memory: most likely its heap of 64 MiB was full \("heapSize" in enclave\.json\)\./,
      /\n {2}FATAL ERROR: .*heap out of memory\n/,
    ],
  ];
  for (const [what, code, why, shown] of cases) {
    test(`because it ${what} says so, and a debug enclave shows where`, async () => {
      const production = said(await run({ enclave: atTop(code) }), startFailed);
      assert.match(production, why);
      assert.match(production, /\n {2}next: Run `enclos run --debug`/);
      assert.match(production, loading);
      assert.ok(!production.includes(secret));
      const debug = said(await run({ enclave: atTop(code) }, '--debug'), startFailed);
      assert.match(debug, why);
      assert.match(debug, shown);
      assert.match(debug, /\n {2}next: Correct the code that the error of the debug enclave points to\.\n/);
    });
  }

  test('because its start hook throws says so, and a debug enclave shows where', async () => {
    const enclave = enclaveSource.replace(
      /\}\);\s*$/,
      `}, {\n  start() {\n    throw new Error('${secret}');\n  },\n});\n`,
    );
    const production = said(await run({ enclave }), /^✖ ENCLAVE_START_FAILED: The application's start\(\) failed\.\n/);
    assert.ok(!production.includes(secret));
    const debug = said(await run({ enclave }, '--debug'), /^✖ ENCLAVE_START_FAILED: Error: the launch code/);
    assert.match(debug, / {6}at .*start \(src\/app\.enclave\.ts:\d+:\d+\)\n/);
    assert.match(debug, / {2}\d+ │ {5}throw new Error\(/);
  });
});

describe('a call that fails', { timeout: 300_000 }, () => {
  test('because the function throws points to the line that waits for it, and in a debug enclave to the one that threw', async () => {
    const enclave = inCall(`if (name === 'Grace') throw new Error('${secret}');`);
    const production = said(
      await run({ enclave }),
      /^✖ ENCLAVE_CALL_FAILED: The trusted function failed; the reason stays inside\.\n/,
    );
    assert.match(production, calls);
    assert.match(production, /\n {2}next: Run `enclos run --debug`, or load a debug enclave, to see the reason\./);
    assert.ok(!production.includes(secret));
    const debug = said(await run({ enclave }, '--debug'), /^✖ ENCLAVE_CALL_FAILED: Error: the launch code/);
    assert.match(debug, /│ {5}if \(name === 'Grace'\) throw new Error/);
    assert.match(debug, / {2}at async .*src\/host\.ts:\d+:\d+/);
  });

  test('because it fills the heap says that memory was exhausted', async () => {
    const text = said(
      await run({ enclave: inCall(fullHeap) }),
      /^✖ ENCLAVE_LOST: The enclave is gone\. The enclave ran out of memory/,
    );
    assert.match(text, /"heapSize" in enclave\.json/);
    assert.match(text, calls);
  });

  test('because a sealed blob does not open is told like any other', async () => {
    const enclave = inCall(
      "const blob = await seal(new Uint8Array(8), { policy: 'signer' });\n    await unseal(Uint8Array.from(blob, (byte, at) => byte ^ Number(at === blob.length - 1)), { policy: 'signer' });",
    ).replace('defineEnclave, log', 'defineEnclave, log, seal, unseal');
    assert.match(said(await run({ enclave }), /^✖ SEAL_NOT_OPENED: The sealed blob could not be opened\.\n/), calls);
  });

  test('because its options are wrong names those that there are', async () => {
    const host = calling('await (enclave.call as any).greet({ name }, { deadlineMs: 5 })');
    const text = said(
      await run({ host }),
      /^✖ HOST_OPTION_INVALID: The call greet\(\) has no option "deadlineMs"; there are "timeoutMs" and "signal"\.\n/,
    );
    assert.match(text, calls);
  });

  test('because it never ends is given up after the default time', async () => {
    const enclave = inCall('await new Promise(() => undefined);');
    const host = calling('await enclave.call.greet({ name })');
    const text = said(
      await run({ enclave, host }),
      /^✖ GATE_DEADLINE: The call greet\(\) did not finish within 300 ms, the default\./,
    );
    assert.match(text, calls);
  });
});

describe('a host program', { timeout: 300_000 }, () => {
  test('whose port is in use says which', async () => {
    const busy = createServer();
    await new Promise<void>((resolve) => busy.listen(0, '127.0.0.1', resolve));
    const address = busy.address();
    assert.ok(typeof address === 'object' && address !== null);
    const settings = { listen: [{ name: 'web', port: address.port }] };
    const text = said(await run({ settings }), /^✖ HOST_LISTEN_FAILED: The listener "web" cannot listen at /);
    assert.match(text, new RegExp(`127\\.0\\.0\\.1:${address.port}: another program listens there already\\.\n`));
    assert.match(text, loading);
    busy.close();
  });

  test('that runs on its own, without enclos run, says what it lacks', async () => {
    const script = join(project, '.enclos/host.mjs');
    const ran = await startProgram([process.execPath, '--enable-source-maps', script], { cwd: project }).ended;
    const text = said(ran, /^✖ HOST_ENVIRONMENT_MISSING: ENCLOS_IMAGE is not set\.\n/);
    assert.match(text, / {2}src\/host\.ts:4:\d+\n {2}4 │ const environment = await fromEnvironment\(\);\n/);
  });

  test('that prints an error, shows it so; one that handles what nothing caught, gets it as it is', async () => {
    const script = join(project, '.enclos/host.mjs');
    const handler = `process.on('uncaughtException', (error) => { console.log('caught', error); process.exit(5); });\n`;
    writeFileSync(script, `${handler}${readFileSync(script, 'utf8')}`);
    const ran = await startProgram([process.execPath, script], { cwd: project }).ended;
    assert.equal(ran.code, 5);
    assert.equal(ran.stderr, '');
    assert.match(ran.stdout, /^caught ✖ HOST_ENVIRONMENT_MISSING: ENCLOS_IMAGE is not set\.\n {2}next: /);
  });

  test('with ENCLOS_STACK=1 shows every frame', async () => {
    const env = { ENCLOS_STACK: '1' };
    const { stderr, code } = await run({ enclave: inCall(`throw new Error('${secret}');`), env });
    assert.equal(code, 1);
    assert.match(stderr, /EnclosError: The trusted function failed/);
    assert.match(stderr, /\n {4}at .*packages\/model\/gate\//);
  });
});
