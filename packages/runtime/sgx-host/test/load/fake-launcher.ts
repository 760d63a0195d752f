import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateSigningKey } from '@enclos/sgx/node';
import { intelEnclave, openEnclave } from '@enclos/sgx-image-kit';
import type { EnclaveExit, SgxLauncher, SgxLaunchRequest } from '@enclos/tee';
import { runFolder } from '@enclos/testkit';
import { type FakeStub, type FakeStubOptions, startFakeStub } from '../fake-stub.ts';

let paths: { readonly intel: string; readonly openEnclave: string } | undefined;

/** Signed files of both SDKs, with 3 threads. What is in them does not run here. */
export function signedFiles(): { readonly intel: string; readonly openEnclave: string } {
  if (paths !== undefined) return paths;
  const folder = runFolder(`sgx-host-load-${process.pid}`);
  const key = generateSigningKey();
  paths = { intel: join(folder, 'enclave.signed.so'), openEnclave: join(folder, 'enclave.signed') };
  writeFileSync(paths.intel, intelEnclave({ key, threads: 3 }).signed);
  writeFileSync(paths.openEnclave, openEnclave({ key, threads: 3 }).signed);
  return paths;
}

export interface FakeLauncher extends SgxLauncher {
  readonly requests: SgxLaunchRequest[];
  /** Bytes of each stream. */
  readonly streamed: number[];
  readonly stubs: FakeStub[];
  terminated: number;
  /** Ends the process of the last enclave. */
  exit(exit: EnclaveExit): void;
}

/** A platform that starts what a test plays, whatever the file holds. */
export function fakeLauncher(play: FakeStubOptions['play'], change: Partial<FakeStubOptions> = {}): FakeLauncher {
  let settle: ((exit: EnclaveExit) => void) | undefined;
  const launcher: FakeLauncher = {
    requests: [],
    streamed: [],
    stubs: [],
    terminated: 0,
    async launchSgx(request) {
      launcher.requests.push(request);
      let bytes = 0;
      for await (const piece of request.stream) bytes += piece.length;
      launcher.streamed.push(bytes);
      const { threads, stackBytes = 2 ** 20, arenaBytes } = request;
      const stub = startFakeStub({ threads, stackBytes, arenaBytes, play, ...change });
      launcher.stubs.push(stub);
      const exited = new Promise<EnclaveExit>((resolve) => (settle = resolve));
      const none = new Uint8Array(32);
      return {
        identity: { mrEnclave: none, mrSigner: none, productId: 1, securityVersion: 1, debug: false },
        isolation: [],
        gates: stub.gates,
        exited,
        async terminate() {
          launcher.terminated += 1;
          launcher.exit({ exitCode: undefined, signal: 'SIGKILL', detail: 'It was killed.' });
          await exited;
        },
      };
    },
    exit(exit) {
      launcher.stubs.at(-1)?.end();
      settle?.(exit);
    },
    quotingTarget: () => Promise.resolve(new Uint8Array(512)),
    quote: () => Promise.resolve(new Uint8Array(1)),
  };
  return launcher;
}
