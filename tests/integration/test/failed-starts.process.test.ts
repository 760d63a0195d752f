import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { startPlatform, startPlatformProcess } from '@enclos/software-sgx';
import { enclosBin, repository, saidBy, startProgram } from '@enclos/process-kit/processes/programs';
import { isRunning } from '@enclos/process-kit/processes/process-watch';

const folder = mkdtempSync(join(tmpdir(), 'enclos-failed-'));
after(() => rmSync(folder, { recursive: true, force: true }));
/** In place of a folder of state, so that no platform can start there. */
const file = join(folder, 'file');
writeFileSync(file, '');

// Every start here fails or never comes, and callers must not wait for ever: the time limit of a test proves it.
const limit = { timeout: 60_000 };

describe('a platform that cannot start is not waited for', limit, () => {
  test('by a host: the error is that of the platform', async () => {
    const refusal = { code: 'PLATFORM_START_FAILED', message: /^PLATFORM_\w+: / };
    await assert.rejects(startPlatform({ stateFolder: join(file, 'state') }), refusal);
    const auditFile = join(folder, 'no-such-folder', 'audit.log');
    await assert.rejects(startPlatform({ stateFolder: join(folder, 'audited'), auditFile }), {
      ...refusal,
      message: /^PLATFORM_AUDIT_FAILED: /,
    });
  });

  /** The error of a program in place of the platform. */
  const errorOf = async (name: string, body: string, startTimeoutMs = 60_000): Promise<string> => {
    const program = join(folder, `${name}.mjs`);
    writeFileSync(program, body);
    return startPlatformProcess({ program, stateFolder: folder, startTimeoutMs }).then(
      () => 'started',
      (error: unknown) => String(error),
    );
  };

  test('when its process ends or is killed without a word', async () => {
    assert.match(await errorOf('exits', 'process.exit(7);'), /The platform process ended with code 7\./);
    assert.match(await errorOf('killed', "process.kill(process.pid, 'SIGKILL');"), /ended with SIGKILL\./);
  });

  test('for longer than it may take, and then it is ended', async () => {
    const pidFile = join(folder, 'pid');
    const body = `import { writeFileSync } from 'node:fs';
      writeFileSync(${JSON.stringify(pidFile)}, String(process.pid)); setInterval(() => undefined, 1000);`;
    // Enough for the program to begin.
    assert.match(await errorOf('silent', body, 5000), /did not answer in time\./);
    const processId = Number(readFileSync(pidFile, 'utf8'));
    for (let tries = 0; isRunning(processId) && tries < 200; tries++) await new Promise((done) => setTimeout(done, 20));
    assert.equal(isRunning(processId), false);
  });

  test('by the first program of an image', async () => {
    const program = join(repository, 'packages/delivery/image/dist/program/start.mjs');
    const env = { ENCLOS_STATE: join(file, 'state') };
    const { code, stderr } = await startProgram([process.execPath, program], { cwd: folder, env }).ended;
    assert.equal(code, 1);
    assert.match(stderr, /^The container could not start\. PLATFORM_\w+: /m);
  });

  test('by enclos run: with a platform that it starts, with one that is missing, and with one that says nothing', async () => {
    const env = { XDG_STATE_HOME: file };
    const enclos = (...argv: readonly string[]) =>
      startProgram([process.execPath, enclosBin, ...argv], { cwd: folder, env }).ended;
    assert.equal((await enclos('new', 'greeter')).code, 0);
    symlinkSync(join(repository, 'node_modules'), join(folder, 'greeter/node_modules'));
    const own = await enclos('run', 'greeter');
    assert.match(own.stderr, /PLATFORM_START_FAILED: PLATFORM_\w+: /);
    const absent = await enclos('run', 'greeter', '--platform', 'absent.sock');
    assert.match(absent.stderr, /TEE_PLATFORM_UNREACHABLE/);
    const silent = createServer((socket) => void socket.on('error', () => undefined));
    mkdirSync(join(folder, 's'));
    await new Promise<void>((resolve) => silent.listen(join(folder, 's/silent.sock'), resolve));
    const mute = await enclos('run', 'greeter', '--platform', 's/silent.sock');
    assert.match(mute.stderr, /GATE_HELLO_TIMEOUT/);
    silent.close();
    assert.deepEqual([own.code, absent.code, mute.code].includes(0), false);
  });
});

describe('a child that ends is not waited for by a test', limit, () => {
  const child = (script: string) => spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'pipe'] });

  test('for a word that never comes: the error has its last words', async () => {
    await assert.rejects(saidBy(child('console.error("no room"); process.exit(3)')), /exit code 3\. no room/);
    await assert.rejects(saidBy(child('console.log("one")'), 'two'), /before it said two: exit code 0\. one/);
    await assert.rejects(saidBy(child('process.kill(process.pid, "SIGKILL")')), /SIGKILL/);
    await assert.rejects(saidBy(spawn('/nonexistent/program')), /ENOENT/);
  });

  test('that asks only after the child has ended', async () => {
    const gone = child('');
    await new Promise((resolve) => gone.once('close', resolve));
    await assert.rejects(saidBy(gone), /exit code 0/);
  });

  test('but one that prints the word in time is waited for', async () => {
    await saidBy(child('process.stdout.write("rea"); setTimeout(() => console.log("dy"), 50)'), 'ready');
  });
});
