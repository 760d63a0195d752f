import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { after, before } from 'node:test';
import { descendants } from '@enclos/process-kit';
import { isRunning, until } from '@enclos/process-kit/processes/process-watch';
import { nativeTest } from '@enclos/testkit';
import { privateScene, privateImage, type PrivateScene } from './private-image.ts';
import { enclaveUsers, userOf, type Lab } from './way-lab.ts';

/** What it asks for, and what it gets. */
const refused: readonly (readonly [line: string, answer: RegExp])[] = [
  ['connect 192.0.2.1 443', /^ENETUNREACH$/],
  ['connect 127.0.0.1 7000', /^ECONNREFUSED$/],
  ['connect 127.1.0.1 80', /^ECONNREFUSED$/],
  ['fetch nowhere.example 7000 x', /^(?:|ECONNRESET|ENOTCONN|EPIPE)$/],
  ['fetch elsewhere.example 443 x', /not known|No address/],
  ['abstract enclos-private-test', /^EPERM$/],
  ['socket 1 1 0', /^EPERM$/],
  ['socket 1 2 0', /^EPERM$/],
  ['pair 2', /^EPERM$/],
  ['socket 2 3 6', /^EPERM$/],
  ['socket 2 2 1', /^EPERM$/],
  ['socket 2 1 262', /^EPERM$/],
  ['socket 16 3 0', /^EPERM$/],
  ['socket 40 1 0', /^EPERM$/],
  ['socket 17 3 0', /^EPERM$/],
  ['call 56 17 0', /^EPERM$/],
  ['call 59 0 0 0', /^EPERM$|^EFAULT$/],
  ['call 319 0 0', /^EPERM$/],
  ['call 9 0 4096 7 0x22 -1 0', /^EPERM$/],
  ['call 54 1 1 25 0 0', /^EPERM$/],
  ['call 16 1 0x8912 0', /^EPERM$/],
  ['call 157 22 2 0', /^EPERM$/],
];

const allowed: readonly (readonly [line: string, answer: string])[] = [
  ['socket 2 1 0', '0'],
  ['socket 10 1 0', '0'],
  ['socket 2 2 0', '0'],
  ['pair 1', '0'],
  ['echo a line', 'a line'],
  ['arguments', 'probe\nserve\n'],
  ['environment', 'OPEN=yes\nMODE=a b\n'],
  ['address peer.example', '127.1.0.1'],
  ['address PEER', '127.1.0.1'],
  ['address localhost', '127.0.0.1'],
  ['address nowhere', '127.1.0.2'],
  ['fetch peer.example 443 hello', 'peer: hello'],
  ['fetch peer 443 again', 'peer: again'],
];

/** What waits to be sent and what waits to be read, for each descriptor: see docs/reference/private-network.md. */
const heldBytes = 512 * 1024;

/** What holds for a program with a private network, however it is started. */
export function privateChecks(lab: () => Lab, separated: boolean): void {
  let scene: PrivateScene | undefined;
  before(async () => {
    if (process.arch !== 'x64') return;
    const { launcher, missing } = lab();
    const environment = [{ name: 'MODE', value: 'a b' }, { name: 'OPEN' }, { name: 'ABSENT' }];
    const isolation = missing.length > 0 ? 'best' : 'strict';
    scene = await privateScene(
      { launcher, isolation, environment: { OPEN: 'yes', OTHER: 'no' } },
      privateImage({ manifest: { environment } }),
    );
  });
  after(() => scene?.close());
  const check = (name: string, body: (scene: PrivateScene) => Promise<void>): void =>
    nativeTest(`with a private network ${name}`, async () => {
      assert.ok(scene);
      await body(scene);
    });

  check('reaches what its manifest declares, by sockets and names', async ({ ask }) => {
    // The channel of the platform is 4; 3 and 5 are its listeners, and the last is this connection.
    assert.match(await ask('descriptors'), /^0 1 2 3 4 5 \d+ $/);
    for (const [line, answer] of allowed) assert.equal(await ask(line), answer, line);
  });

  check('reaches nothing else', async ({ ask, lines }) => {
    const host = createServer().listen({ path: '\0enclos-private-test' });
    for (const [line, answer] of refused) assert.match(await ask(line), answer, line);
    host.close();
    const warnings = lines.filter((line) => line.startsWith('warn '));
    assert.deepEqual(warnings, ['warn The destination nowhere cannot be reached: no program listens there.']);
  });

  check('has the kernel hold no more than a bound for each descriptor', async ({ ask }) => {
    const connections = 20;
    const bytes = Number(await ask(`hoard ${connections}`));
    assert.ok(bytes > connections * 2 * 4096, `${bytes} bytes`);
    assert.ok(bytes <= connections * 2 * heldBytes, `${bytes} bytes of ${connections} connections`);
    const waiting = Number(await ask('crowd 400'));
    assert.ok(waiting > 0 && waiting <= 64 + 1, `${waiting} connections`);
  });

  check('has no privileges, and its own user where there is one', async () => {
    const processes = descendants(process.pid).filter((id) => /enclos-relay|^p-/.test(commandOf(id)));
    assert.equal(processes.length, 2, 'the relay and the program');
    for (const id of processes) {
      const status = readFileSync(`/proc/${id}/status`, 'utf8');
      for (const set of ['CapEff', 'CapPrm', 'CapInh', 'CapAmb']) {
        assert.match(status, new RegExp(`^${set}:\\t0+$`, 'm'));
      }
      assert.match(status, /^NoNewPrivs:\t1$/m);
      const user = userOf(id) ?? 0;
      assert.equal(user >= enclaveUsers.first && user <= enclaveUsers.last, separated);
    }
  });

  check('ends with its code and with what it wrote, and leaves nothing', async ({ ask, lines, program }) => {
    await ask('say to its host');
    await ask('complain loudly');
    const processes = descendants(process.pid);
    await ask('exit 7').catch(() => undefined);
    const { exitCode } = await program.exited;
    assert.equal(exitCode, 7);
    for (const line of ['info listening', 'info to its host', 'error loudly', 'info the last words']) {
      assert.ok(lines.includes(line), line);
    }
    await until('no process is left', () => !processes.some(isRunning));
  });
}

/** TASK_COMM_LEN, proc_pid_comm(5). */
function commandOf(processId: number): string {
  try {
    return readFileSync(`/proc/${processId}/comm`, 'utf8').trim();
  } catch {
    return '';
  }
}
