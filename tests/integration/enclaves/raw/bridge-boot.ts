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
  gate.pipe(platform);
  platform.pipe(gate);
  await new Promise(() => undefined);
}
