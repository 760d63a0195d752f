import { EnclosError } from '@enclos/errors';
import { isProgramManifest, programInterface, type EnclaveManifest } from '@enclos/manifest';
import type { EnclaveExit, LaunchedIdentity } from '@enclos/tee';
import { createWatch } from '../observe/watch.ts';
import { enter } from '../report/entrance.ts';
import type { Enclave } from './enclave.ts';
import type { LoadOptions } from './load-options.ts';
import { prepare } from './prepare.ts';
import { runEnclave } from './running-enclave.ts';

/** The options of {@link runProgram}: those of `loadEnclave`, without the interface and what belongs to it. */
export type RunProgramOptions = Omit<
  LoadOptions<Record<never, never>, Record<never, never>>,
  'interface' | 'untrusted' | 'sourceMap' | 'callTimeoutMs'
>;

/** An enclave that is a program without an interface, seen from outside. */
export interface RunningProgram extends Pick<Enclave<Record<never, never>>, 'manifest' | 'isolation' | 'listeners'> {
  readonly identity: LaunchedIdentity;
  /** Settles when the program has ended, by itself or not; never rejects. */
  readonly exited: Promise<EnclaveExit>;
  /** Ends it and resolves when its process has ended. Idempotent. */
  dispose(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Runs a program as an enclave: the platform measures its image, verifies the signature and starts it. Its host serves its connections
 * and its files, and gets its lines; there are no functions to call.
 *
 * @param options `onLog` gets what the program writes, if its manifest says `"output": "log"`.
 * @throws as `loadEnclave`; HOST_INTERFACE_MISMATCH for an enclave that is not such a program.
 * @example
 * ```ts
 * import { fromEnvironment, runProgram } from '@enclos/host';
 *
 * const program = await runProgram({
 *   ...(await fromEnvironment()),
 *   onLog: (_level, text) => console.log(text),
 * });
 * process.exitCode = (await program.exited).exitCode ?? 1;
 * ```
 */
export async function runProgram(options: RunProgramOptions): Promise<RunningProgram> {
  return await enter(runProgram, () => run(options));
}

async function run(given: RunProgramOptions): Promise<RunningProgram> {
  const options = { ...given, interface: programInterface, untrusted: {} };
  const prepared = prepare(options, requireProgram);
  const { manifest } = prepared;
  const watch = createWatch(manifest.name, options);
  const { identity, isolation, listeners, exited, dispose } = await runEnclave(options, prepared, watch);
  return Object.freeze({ identity, manifest, isolation, listeners, exited, dispose, [Symbol.asyncDispose]: dispose });
}

function requireProgram(manifest: EnclaveManifest): void {
  if (isProgramManifest(manifest)) return;
  throw new EnclosError('HOST_INTERFACE_MISMATCH', 'The enclave is not a program: load it with loadEnclave.');
}
