import { boot as realBoot, type BootCapabilities } from '@enclos/enclave/boot';
import { stolen } from './stolen.ts';

/** The real runtime, once the application has taken all that the loader gave. */
export function boot(main: Readonly<Record<string, unknown>>, capabilities: BootCapabilities): Promise<void> {
  stolen.capabilities = capabilities;
  return realBoot(main, capabilities);
}
