import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { describe, test } from 'node:test';
import { concatBytes } from '@enclos/codec';
import { createCaller } from '@enclos/edl';
import { codeEnclave } from '@enclos/sgx-image-kit';
import { encodeGateRequest, HELLO_BYTES, parseGateHello, RequestKind } from '@enclos/sgx-stub/wire';
import { hostChannel, openChannel } from '@enclos/tee';
import { nativeCompilers, until } from '@enclos/testkit';
import { startPlatformProcess, type PlatformProcess } from '../../../src/index.ts';
import { applicationKey, temporaryFolder } from '../../support.ts';
import { descendantsOf, isRunning } from './processes.ts';
import { piecesOf } from './sgx-lab.ts';

/** How far a launch comes before its platform, or its host, is killed. */
const steps = ['announced', 'some gates', 'all gates', 'in the stream', 'at its end', 'launched'] as const;

const skip =
  process.arch !== 'x64' || nativeCompilers.length === 0
    ? 'needs x86-64 and a compiler (apt-get install gcc-14)'
    : false;

const code = 'mov %rcx, %rbx\nmov $4, %eax\n.byte 0x0f, 0x01, 0xd7';

const imageOf = (words: string) => codeEnclave({ key: applicationKey, code: words, threads: 2, enclaveBytes: 1 << 22 });

/** First writes the address of its own last instructions all over the page at RSI, and then computes for ever. */
const silencing = `
  test %rdi, %rdi
  jnz spin
  mov %rcx, %rbx
  lea spin(%rip), %rax
  mov %rsi, %rdi
  mov $512, %ecx
  cld
  rep stosq
  mov $4, %eax
  .byte 0x0f, 0x01, 0xd7
spin:
  pause
  jmp spin
`;

/** Brings a launch to a step. @returns what the host holds of it */
async function reach(
  platform: PlatformProcess,
  step: (typeof steps)[number],
  image = imageOf(code),
): Promise<readonly Socket[]> {
  const stream = connect(platform.socketPath);
  const endpoint = openChannel({ stream, initiator: true, protocol: hostChannel, serve: async () => new Uint8Array() });
  await endpoint.ready;
  endpoint.closed.catch(() => undefined);
  const host = createCaller(hostChannel.trusted, (call) =>
    endpoint.invoke(0, call.index, call.payload, { maxResultBytes: call.maxResultBytes }),
  );
  const bounds = { enclaveBytes: BigInt(image.enclaveBytes), threads: 2, stackBytes: 65_536, arenaBytes: 1 << 20 };
  const { upload, gatePath } = await host.createSgx({ ...bounds, fastExit: false, isolation: 'best' });
  const held = [stream];
  const openGate = async (): Promise<void> => {
    const gate = connect(gatePath).on('error', () => undefined);
    await new Promise<void>((resolve) => gate.once('connect', () => resolve()));
    held.push(gate);
  };
  const at = steps.indexOf(step);
  if (at >= 1) await openGate();
  if (at >= 2) await openGate();
  const [first = new Uint8Array(), ...others] = piecesOf(image.sgxs, 64);
  if (at >= 3) await host.addSgx({ upload, chunk: first });
  if (at >= 4) await host.addSgx({ upload, chunk: concatBytes(...others) });
  if (at >= 5) {
    const attributes = { flags: 4n, xfrm: 3n, miscSelect: 0 };
    await host.initializeSgx({ upload, signature: image.sigstruct, ...attributes });
  }
  return held;
}

describe('nothing is left of an SGX image', { skip }, () => {
  for (const step of steps) {
    for (const [what, end] of [
      ['its platform is killed', (platform: PlatformProcess) => process.kill(platform.processId, 'SIGKILL')],
      [
        'its host goes away',
        (_platform: PlatformProcess, held: readonly Socket[]) => held.forEach((one) => one.destroy()),
      ],
    ] as const) {
      test(`when ${what}: ${step}`, async () => {
        const platform = await startPlatformProcess({ stateFolder: temporaryFolder() });
        const held = await reach(platform, step);
        const started = descendantsOf(platform.processId);
        if (steps.indexOf(step) >= steps.indexOf('in the stream')) assert.notDeepEqual(started, []);
        end(platform, held);
        await until('no process is left', () => !started.some(isRunning));
        for (const socket of held) socket.destroy();
        await platform.end();
      });
    }
  }

  test('when its platform is killed, and the enclave has silenced the thread that watches for that', async () => {
    const platform = await startPlatformProcess({ stateFolder: temporaryFolder() });
    const image = imageOf(silencing);
    const [host, gate, other] = await reach(platform, 'launched', image);
    assert.ok(host !== undefined && gate !== undefined && other !== undefined);
    const greeting = await once(gate, 'data');
    const { enclaveBase, stackBase, stackBytes } = parseGateHello((greeting[0] as Buffer).subarray(0, HELLO_BYTES));
    const rsp = stackBase + stackBytes;
    const none = { rdx: 0n, r8: 0n, r9: 0n, r10: 0n, writes: [], reads: [], exitStackBytes: 0, windowBytes: 0 };
    const rsi = enclaveBase + watcherStack(image.sgxs);
    const final = { finalMask: 0n, finalValue: 0n };
    const entry = { kind: RequestKind.ENTER, rsi, rsp, rbp: rsp, stackTop: rsp, ...none, ...final };
    const started = descendantsOf(platform.processId);
    gate.write(Buffer.concat([...encodeGateRequest({ ...entry, rdi: 0n })]));
    await once(gate, 'data');
    gate.end(Buffer.concat([...encodeGateRequest({ ...entry, rdi: 1n })]));
    await until('it computes, and its watcher too', () => computingTasks(started) === 2);

    process.kill(platform.processId, 'SIGKILL');
    await until('no process is left', () => !started.some(isRunning));
    for (const socket of [host, gate, other]) socket.destroy();
    await platform.end();
  });
});

/** Where the stack of the watcher is (start.c): in the gap behind the last page, a block away from it. */
function watcherStack(sgxs: Uint8Array): bigint {
  const [block, page] = [0x1_0000n, 4096n];
  const last = Buffer.from(sgxs).lastIndexOf('EADD\0\0\0\0', undefined, 'latin1');
  const end = Buffer.from(sgxs).readBigUInt64LE(last + 8) + page;
  return ((end + block - 1n) / block + 1n) * block + 4n * page;
}

/** How many threads of these processes are computing (proc_pid_stat(5)). */
function computingTasks(pids: ReturnType<typeof descendantsOf>): number {
  const states = pids.flatMap((pid) => {
    try {
      const tasks = `/proc/${pid}/task`;
      return readdirSync(tasks).map((task) => /\) (\w)/.exec(readFileSync(`${tasks}/${task}/stat`, 'utf8'))?.[1]);
    } catch {
      return [];
    }
  });
  return states.filter((state) => state === 'R').length;
}
