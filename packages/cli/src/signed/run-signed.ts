import { refuseUsage, type CommandContext } from '@enclos/cli-frame';
import { toHex } from '@enclos/codec';
import { bindInterface } from '@enclos/edl-calls/host';
import { abiOfImage, loadSgxEnclave } from '@enclos/sgx-host';
import type { Isolation } from '@enclos/tee';
import { modelOf, settingsOf } from '../interfaces/compile.ts';
import { readForeignTypes } from '../interfaces/foreign.ts';
import type { ProjectPlatformOptions } from '@enclos/cli-platform/open';
import type { RunOutcome } from '../project/run-options.ts';
import { callFailure } from './call-failure.ts';
import { plannedCall } from './calls.ts';
import { loadHandlers } from './handlers.ts';
import { latePlatform, type StartEvents } from './late-platform.ts';
import type { SignedInput } from './options.ts';
import { jsonOfValue } from './values.ts';

/** An enclave that runs. */
export interface SignedEnclave {
  readonly name: string;
  /** Hex. */
  readonly mrEnclave: string;
  /** Hex. */
  readonly mrSigner: string;
  readonly productId: number;
  readonly securityVersion: number;
  readonly debug: boolean;
  readonly threads: number;
}

/** What happens during a run. */
export interface SignedEvents extends StartEvents {
  running(enclave: SignedEnclave): void;
  /** @param result as JSON */
  returned(call: string, result: unknown): void;
  /** @param output text of an SDK, which is fit for a terminal; or what a program writes, as it is */
  readonly print: (device: 'stdout' | 'stderr', output: string | Uint8Array) => void;
}

export interface SignedRun extends ProjectPlatformOptions {
  readonly input: SignedInput;
  readonly debug: boolean;
  readonly isolation: Isolation;
  /** Arguments of a program. */
  readonly args: readonly string[];
}

/**
 * Loads a signed enclave, makes the calls of the command line one after the other, and ends it.
 *
 * @throws what loading throws; CLI_USAGE; what a call throws
 */
export async function runSigned(run: SignedRun, context: CommandContext, events: SignedEvents): Promise<RunOutcome> {
  const { input, debug, isolation } = run;
  const { path, io } = context;
  if (input.sgx === undefined || input.edl === undefined) refuseUsage('--sgx and --edl go together.');
  const image = path(input.sgx);
  // Each SDK counts the functions of an interface in its own way.
  const dialect = input.dialect === 'both' ? (abiOfImage(image) ?? input.dialect) : input.dialect;
  const { model } = await modelOf(input.edl, settingsOf({ ...input, dialect, warn: [] }, io.cwd));
  const foreign = await readForeignTypes(path(input.foreign));
  const edl = bindInterface({ model, foreign, userCheck: input['allow-user-check'] });
  const calls = input.call.map((text) => plannedCall(text, model.ecalls));
  const handlers = path(input.ocalls);
  const ocalls = handlers === undefined ? {} : await loadHandlers(handlers);
  const platform = latePlatform(run, events);
  try {
    const { launcher } = platform;
    const { print } = events;
    const enclave = await loadSgxEnclave({ image, edl, ocalls, launcher, debug, isolation, print });
    try {
      const { mrEnclave, mrSigner, ...identity } = enclave.identity;
      const { threads } = enclave;
      events.running({
        name: model.name,
        mrEnclave: toHex(mrEnclave),
        mrSigner: toHex(mrSigner),
        threads,
        ...identity,
      });
      for (const { name, values } of calls) {
        const call: unknown = Reflect.get(enclave.ecalls, name);
        if (typeof call !== 'function') continue;
        try {
          events.returned(name, jsonOfValue(await Reflect.apply(call, enclave.ecalls, [values])));
        } catch (error) {
          throw callFailure(name, error);
        }
      }
      return { exitCode: 0 };
    } finally {
      await enclave.dispose();
    }
  } finally {
    await platform.close();
  }
}
