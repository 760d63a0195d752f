import { basename } from 'node:path';
import { EnclosError } from '@enclos/errors';
import { createWatch, endedInTime, enter, observed } from '@enclos/host/life';
import { createEdpRuntime, type EdpEnd, type EdpStreams } from '../edp/runtime.ts';
import { openImage } from './image-file.ts';
import { launchImage, withinLoad } from './launch.ts';
import type { SgxLaunchOptions } from './options.ts';
import { shapeOf, timeoutsOf } from './shape.ts';

/** A program of Fortanix EDP, and what it finds outside. */
export interface SgxProgramOptions extends SgxLaunchOptions {
  /** SIGSTRUCT, 1808 bytes: an SGXS stream has none. */
  readonly signature: Uint8Array;
  /** Arguments, the name of the program first. Default: the name of the file. */
  readonly args?: readonly string[] | undefined;
  readonly streams: EdpStreams;
}

/**
 * Runs a program that was built with Fortanix EDP, from its SGXS stream, until it exits. There is no interface: the program reads and
 * writes its standard streams.
 *
 * @returns how it ended
 * @throws as `loadSgxEnclave`, and ENCLAVE_LOST when it does not exit by itself
 * @example
 * ```ts
 * import { readFileSync } from 'node:fs';
 * import { startPlatform } from '@enclos/software-sgx';
 * import { runSgxProgram } from '@enclos/sgx-host';
 *
 * const platform = await startPlatform({ stateFolder: 'state' });
 * const { panicked } = await runSgxProgram({
 *   image: 'program.sgxs',
 *   signature: readFileSync('program.sig'),
 *   streams: { write: (device, bytes) => void process[device].write(bytes) },
 *   launcher: platform,
 * });
 * process.exitCode = panicked ? 101 : 0;
 * await platform.close();
 * ```
 */
export async function runSgxProgram(options: SgxProgramOptions): Promise<EdpEnd> {
  return await enter(runSgxProgram, () => run(options));
}

async function run(options: SgxProgramOptions): Promise<EdpEnd> {
  const timeouts = timeoutsOf(options);
  const { image, close } = openImage(options.image);
  const watch = createWatch(basename(options.image), options);
  const launch = async () => {
    if (image.sdk !== 'sgxs') {
      throw new EnclosError(
        'HOST_OPTION_INVALID',
        'image: it is not an SGXS stream. `loadSgxEnclave` loads files of SDKs.',
      );
    }
    const shape = shapeOf(options, image);
    const bounds = { signal: options.signal, timeoutMs: timeouts.startTimeoutMs };
    return withinLoad(bounds, (signal) => launchImage({ options, image, shape, watch, signal }));
  };
  const opened = await launch().finally(close);
  const { launched, loss, threads, arena, lost } = opened;
  const stop = (): void => void loss.begin('Its host gave it up.');
  options.signal?.addEventListener('abort', stop);
  try {
    const args = options.args ?? [basename(options.image)];
    return await observed(watch, 'start', () => createEdpRuntime({ threads, arena, lost }, options.streams).run(args));
  } finally {
    options.signal?.removeEventListener('abort', stop);
    void loss.begin('It has exited.');
    await endedInTime(
      launched.exited.then(() => undefined),
      timeouts.disposeTimeoutMs,
    );
  }
}
