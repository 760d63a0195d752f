import { spawn, type StdioOptions } from 'node:child_process';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { EnclosError } from '@enclos/errors';
import { stubCommand, stubTasks, withOpened, type IsolationPlan, type StubNeeds } from '@enclos/isolation';
import { BOOT_READY } from '@enclos/sgx-stub/wire';
import type { EnclaveExit } from '@enclos/tee';
import { exitOf, ownCgroup } from '../process/enclave-child.ts';
import { descriptor, leave } from '../process/process-group.ts';
import { describeStubExit } from './stub-exit.ts';

export interface StubSpawn extends StubNeeds {
  readonly stubPath: string;
  readonly isolation: IsolationPlan;
  /** The accepted, unread connections of the host: connection i becomes the gate of thread i. At least one. */
  readonly gates: readonly Socket[];
}

/** The process of an SGX image. Until it is told to start, none of the enclave's code runs. */
export interface StubProcess {
  /** The platform's end of its channel. */
  readonly channel: Duplex;
  /** Resolves when it runs under all layers and waits for its pages. @throws ENCLAVE_START_FAILED when it ended before */
  readonly ready: Promise<void>;
  /** Resolves when the process has taken the bytes, as far as the pipe does not hold them. @throws ENCLAVE_START_FAILED */
  send(bytes: Uint8Array): Promise<void>;
  /** Sends the last bytes of its boot. */
  start(go: Uint8Array): void;
  readonly exited: Promise<EnclaveExit>;
  /** @param why one sentence for the operator of its host, when the platform has a reason. The first one counts. */
  kill(why?: string): void;
}

/** The descriptors of the stub. The further gates are 9 and on. */
const at = { platform: 4, boot: 5, filter: 7 } as const;

/** Must run on the main thread: the kernel ties an enclave to the thread that made it (prctl PR_SET_PDEATHSIG). */
export function spawnStub(options: StubSpawn): StubProcess {
  const { isolation, gates, threads } = options;
  const own = ownCgroup(isolation, stubTasks(threads, 'cgroup'));
  const needs = { ...options, cgroups: options.cgroups ?? (own === undefined ? [] : [own.folder]) };
  const [command = '', ...args] = stubCommand(isolation, needs, options.stubPath);
  const [first, ...others] = gates;
  const child = withOpened(isolation.inherited, ([filter]) => {
    const stdio: StdioOptions = [
      'ignore',
      'ignore',
      'ignore',
      first,
      'pipe',
      'pipe',
      'ignore',
      'ignore',
      'ignore',
      ...others,
    ];
    if (filter !== undefined) stdio[at.filter] = filter;
    // Its own process group: see process-group.ts.
    return spawn(command, args, { stdio, env: {}, cwd: '/', detached: true });
  });
  // The child has its own copy of each descriptor; ours would keep the connections open after its death.
  for (const gate of gates) gate.destroy();
  let hasStarted = false;
  let endedFor: string | undefined;
  const exited = exitOf(child, (code, signal) => describeStubExit({ code, signal, hasStarted, endedFor }));
  void exited.then(() => own?.remove());
  const channel = descriptor(child, at.platform);
  const boot = descriptor(child, at.boot);
  // Its end says why.
  for (const stream of [channel, boot]) stream.on('error', () => undefined);
  const early = exited.then(({ detail }) => {
    throw new EnclosError('ENCLAVE_START_FAILED', detail);
  });
  early.catch(() => undefined);
  return Object.freeze({
    channel,
    ready: Promise.race([readiness(boot), early]),
    send: (bytes: Uint8Array) => Promise.race([written(boot, bytes), early]),
    start(go: Uint8Array) {
      hasStarted = true;
      boot.end(go);
    },
    exited,
    kill(why?: string) {
      endedFor ??= why;
      leave(child, channel);
    },
  });
}

/** The stub says one byte. What else it may say there is not read. Never settles when the process ends first. */
function readiness(boot: Duplex): Promise<void> {
  return new Promise((resolve) => {
    boot.once('data', (bytes: Uint8Array) => {
      if (bytes[0] === BOOT_READY) resolve();
      boot.resume();
    });
  });
}

/** Never settles when the process ends first: that has its own reason. */
function written(boot: Duplex, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    boot.write(bytes, (error) => {
      // A stream that was destroyed meanwhile tells its writers of no error.
      if ((error === null || error === undefined) && !boot.destroyed) resolve();
    });
  });
}
