import type { BootCapabilities } from '@enclos/enclave/boot';

/**
 * Takes the place of the trusted runtime, and of the enclave: whatever the host says reaches the platform, byte for
 * byte, on the channel that is the enclave's own.
 */
export async function boot(_main: unknown, { gate, platform, exit }: BootCapabilities): Promise<void> {
  gate.on('error', () => exit(0)).on('close', () => exit(0));
  platform.on('error', () => exit(0)).on('close', () => exit(0));
  gate.pipe(platform);
  platform.pipe(gate);
  await new Promise(() => undefined);
}
