import { once } from 'node:events';
import { exitCodeOf } from '@enclos/command-line';
import { isEnclosError } from '@enclos/errors';
import { fromEnvironment, jsonLines, type EnclosLogger, type HostEnvironment } from '@enclos/host';
import type { HostedService } from './hosted-service.ts';

/** What a host program has while it serves. */
export interface ProgramContext {
  readonly environment: HostEnvironment;
  readonly logger: EnclosLogger;
  /** Aborts when the process is told to end. */
  readonly signal: AbortSignal;
}

export interface HostProgram<Options> {
  /** Reads the command line; undefined after it gave the help that was asked for. */
  readonly options: () => Options | undefined;
  /** Starts the service. It may reject with the reason of the signal. */
  readonly serve: (options: Options, context: ProgramContext) => Promise<HostedService>;
}

/**
 * Runs a program that hosts the enclave of a service, from its command line to its end: on SIGTERM or SIGINT what has begun is answered, and
 * the exit code says why the program ended. When the enclave is lost it is 1, so that a supervisor starts the program again.
 *
 * @example
 * await runHostProgram({
 *   options: () => parseCommandLine(process.argv.slice(2)),
 *   serve: (options, context) => runService(options, context),
 * });
 */
export async function runHostProgram<Options>(program: HostProgram<Options>): Promise<void> {
  const logger = jsonLines();
  try {
    const options = program.options();
    if (options !== undefined) await serve(program, options, logger);
  } catch (error) {
    process.exitCode = isEnclosError(error) ? exitCodeOf(error) : 1;
    const code = isEnclosError(error) ? error.code : 'UNEXPECTED';
    const next = isEnclosError(error) ? { next: error.next } : {};
    logger.error({ event: 'failed', code, ...next }, error instanceof Error ? error.message : 'It failed.');
  }
}

async function serve<Options>(program: HostProgram<Options>, options: Options, logger: EnclosLogger): Promise<void> {
  // Before anything is served: as process 1 of a container, a signal without a handler does nothing.
  const told = new AbortController();
  for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => told.abort());
  const { signal } = told;
  const environment = await fromEnvironment();
  try {
    const service = await program.serve(options, { environment, logger, signal });
    const lost = await Promise.race([aborted(signal), service.ended]);
    if (lost !== undefined) {
      // A service without its enclave answers nothing: its supervisor starts it again.
      process.exitCode = 1;
      logger.error({ event: 'enclave-lost' }, lost);
    }
    await service.stop();
  } catch (error) {
    // Told to end before it served: that is not a failure.
    if (error !== signal.reason) throw error;
    logger.info({ event: 'told-to-end' }, 'It was told to end before it served anything.');
  } finally {
    // Its connection would keep a process going that serves nothing.
    await environment.launcher.close();
  }
}

async function aborted(signal: AbortSignal): Promise<undefined> {
  if (!signal.aborted) await once(signal, 'abort');
  return undefined;
}
