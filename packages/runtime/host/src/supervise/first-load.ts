import { setImmediate as turn } from 'node:timers/promises';
import type { Functions } from '@enclos/edl';
import type { PreparedImage } from '../run/prepare.ts';
import { runEnclave, type RunningEnclave } from '../run/running-enclave.ts';
import type { Watch } from '../observe/watch.ts';
import type { PlatformLink } from './platform-link.ts';
import type { SuperviseOptions } from './supervision.ts';

/** A platform that is replaced ends once. One that ends each time has another fault. */
const maxLoads = 3;

/**
 * Loads the first enclave, and loads it again only when the platform itself ended meanwhile and can be connected to again.
 * @throws as `runEnclave`, and what `reconnect` rejects with
 */
export async function firstEnclave<T extends Functions, U extends Functions>(
  options: SuperviseOptions<T, U>,
  { prepared, watch, platform }: { prepared: PreparedImage<T>; watch: Watch | undefined; platform: PlatformLink },
): Promise<RunningEnclave> {
  const signal = options.signal ?? new AbortController().signal;
  for (let loads = 1; ; loads += 1) {
    try {
      return await runEnclave({ ...options, launcher: await platform.launcher(signal) }, prepared, watch);
    } catch (error) {
      platform.failed(error);
      // The gate of an enclave may report its end a moment before the connection to its platform does.
      await turn();
      if (loads === maxLoads || signal.aborted || !platform.isReplaceable) throw error;
    }
  }
}
