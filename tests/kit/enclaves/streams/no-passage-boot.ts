import { boot as bootRuntime, type BootCapabilities } from '@enclos/enclave/boot';

/** The trusted runtime, on a platform that gives it no passage, whatever the manifest says. */
export function boot(main: Readonly<Record<string, unknown>>, capabilities: BootCapabilities): Promise<void> {
  return bootRuntime(main, { ...capabilities, passage: undefined });
}
