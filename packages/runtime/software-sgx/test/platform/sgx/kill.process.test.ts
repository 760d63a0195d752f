import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { describe, test } from 'node:test';
import { concatBytes } from '@enclos/codec';
import { createCaller } from '@enclos/edl';
import { codeEnclave } from '@enclos/sgx-image-kit';
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

/** Brings a launch to a step. @returns what the host holds of it */
async function reach(platform: PlatformProcess, step: (typeof steps)[number]): Promise<readonly Socket[]> {
  const image = codeEnclave({ key: applicationKey, code, threads: 2, enclaveBytes: 1 << 22 });
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
});
