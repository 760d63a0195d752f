import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';
import { startPlatformProcess } from '@enclos/software-sgx';

/**
 * The first program of a container: it finds a platform, and becomes the host program. With ENCLOS_PLATFORM the platform is
 * outside. Without it the container runs its own, as its one user: a single-user platform, as its evidence states
 * too, on a machine that lasts as long as the folder ENCLOS_STATE.
 */
async function start(): Promise<void> {
  endOnSignals();
  const { env } = process;
  if (env['ENCLOS_PLATFORM'] === undefined) {
    const platform = await startPlatformProcess({
      program: fileURLToPath(new URL('./platform.mjs', import.meta.url)),
      stateFolder: env['ENCLOS_STATE'] ?? '/tmp/enclos',
    });
    platform.unref();
    env['ENCLOS_PLATFORM'] = platform.socketPath;
    // What makes the other layers is not in the image, and a container may not make most of them.
    env['ENCLOS_ISOLATION'] ??= 'best';
  }
  await import(new URL('./host.mjs', import.meta.url).href);
}

/** The first process of a container ignores signals that it has no handler for (pid_namespaces(7)). */
function endOnSignals(): void {
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    process.on(signal, () => {
      // A host program with a handler of its own decides for itself.
      if (process.listenerCount(signal) === 1) process.exit(128 + constants.signals[signal]);
    });
  }
}

start().catch((error: unknown) => {
  process.stderr.write(`The container could not start. ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
