import type { Duplex } from 'node:stream';
import type { BootCapabilities } from '@enclos/enclave/boot';

/**
 * Takes the place of the trusted runtime, and of the enclave: whatever the host says reaches the platform, byte for
 * byte, on the channel that is the enclave's own.
 */
export async function boot(_main: unknown, capabilities: BootCapabilities): Promise<void> {
  const { gate, platform } = capabilities;
  const end = (): void => capabilities.exit(0);
  gate.on('error', end).on('close', end);
  platform.on('error', end).on('close', end);
  relay(gate, platform);
  relay(platform, gate);
  await new Promise(() => undefined);
}

/** Not `pipe`: a chunk of the gate is valid only until its listener returns. */
function relay(from: Duplex, to: Duplex): void {
  from.on('data', (chunk: Uint8Array) => {
    if (to.write(new Uint8Array(chunk))) return;
    from.pause();
    to.once('drain', () => from.resume());
  });
  from.resume();
}
