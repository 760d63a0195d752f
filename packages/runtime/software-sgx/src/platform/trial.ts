import { spawn } from 'node:child_process';
import { EnclosError } from '@enclos/errors';
import { enclaveCommand, withOpened } from '@enclos/isolation';
import { interpreterFlags } from '@enclos/loader';
import { freeUser } from './separation/running-users.ts';
import type { PlatformServices } from './services.ts';

export interface TrialOptions {
  /** The folders of the cgroups that the trial enters. */
  readonly cgroups: readonly string[];
  readonly timeoutMs?: number;
}

const heapSizeBytes = 16n * 1024n * 1024n;
const defaultTimeoutMs = 10_000;

/**
 * Starts the interpreter as an enclave would be started (the user, the cgroups, the namespaces, the limits, the flags), with a program
 * that ends at once. It tells whether the machine still allows what it allowed when the platform was opened. Takes about 100 ms.
 * @throws ENCLAVE_START_FAILED with how it ended; PLATFORM_USERS_EXHAUSTED when processes run as all users of enclaves.
 */
export async function tryLaunch(services: PlatformServices, options: TrialOptions): Promise<void> {
  const { isolation, interpreter, separated } = services;
  const user = separated && (await freeUser(separated.enclaveUsers));
  const needs = { heapSizeBytes, threads: 1, user, cgroups: options.cgroups };
  const [command, ...words] = [
    ...enclaveCommand(isolation, needs, interpreter.path),
    ...interpreterFlags({ heapSizeBytes, debug: false }),
    '-e',
    'process.exit(0)',
  ];
  const timeout = options.timeoutMs ?? defaultTimeoutMs;
  const end = await withOpened(
    isolation.inherited,
    (filter) =>
      new Promise<string>((resolve) => {
        const child = spawn(command, words, {
          // The descriptors of an enclave end before the one of the filter.
          stdio: ['ignore', 'ignore', 'ignore', 'ignore', 'ignore', 'ignore', 'ignore', ...filter],
          env: {},
          cwd: '/',
          timeout,
          killSignal: 'SIGKILL',
        });
        child.once('error', ({ message }) => resolve(message));
        child.once('close', (code, signal) => resolve(code === null ? `ended by ${signal ?? 'a signal'}` : `${code}`));
      }),
  );
  if (end !== '0') {
    throw new EnclosError('ENCLAVE_START_FAILED', `A process that is started as enclaves are did not run (${end}).`);
  }
}
