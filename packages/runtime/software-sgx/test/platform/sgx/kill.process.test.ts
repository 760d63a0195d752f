import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { describe, test } from 'node:test';
import { concatBytes } from '@enclos/codec';
import { createCaller } from '@enclos/edl';
import { codeEnclave } from '@enclos/sgx-image-kit';
import { findStub } from '@enclos/sgx-stub';
import { hostChannel, openChannel } from '@enclos/tee';
import { nativeCompilers, until } from '@enclos/testkit';
import { startPlatformProcess, type PlatformProcess } from '../../../src/index.ts';
import { applicationKey, temporaryFolder } from '../../support.ts';
import { piecesOf } from './sgx-lab.ts';

/** How far a launch comes before its platform, or its host, is killed. */
const steps = ['announced', 'some gates', 'all gates', 'in the stream', 'at its end', 'launched'] as const;

const skip =
  process.arch !== 'x64' || nativeCompilers.length === 0
    ? 'needs x86-64 and a compiler (apt-get install gcc-14)'
    : false;

const code = 'mov %rcx, %rbx\nmov $4, %eax\n.byte 0x0f, 0x01, 0xd7';

/** Processes that are the stub, or start it, as far as they are not of another platform. */
function stubs(before: ReadonlySet<string>): readonly string[] {
  const name = `sgx-stub-${findStub().sha256.slice(0, 32)}`;
  return readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid) || before.has(pid)) return false;
    try {
      const [comm, words] = ['comm', 'cmdline'].map((file) => readFileSync(`/proc/${pid}/${file}`, 'utf8'));
      return comm?.trim() === name.slice(0, 15) || words?.includes(name) === true;
    } catch {
      return false;
    }
  });
}

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
    test(`when its platform is killed: ${step}`, async () => {
      const before = new Set(readdirSync('/proc'));
      const platform = await startPlatformProcess({ stateFolder: temporaryFolder() });
      const held = await reach(platform, step);
      if (step === 'in the stream') assert.notDeepEqual(stubs(before), []);
      process.kill(platform.processId, 'SIGKILL');
      await platform.end();
      await until('no process is left', () => stubs(before).length === 0);
      for (const socket of held) socket.destroy();
    });

    test(`when its host goes away: ${step}`, async () => {
      const before = new Set(readdirSync('/proc'));
      const platform = await startPlatformProcess({ stateFolder: temporaryFolder() });
      const held = await reach(platform, step);
      for (const socket of held) socket.destroy();
      await until('no process is left', () => stubs(before).length === 0);
      await platform.end();
    });
  }
});
