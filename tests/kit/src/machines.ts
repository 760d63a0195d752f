import {
  createVendor,
  startPlatform,
  stateFolders,
  type EmbeddedPlatform,
  type EmbeddedPlatformOptions,
} from '@enclos/software-sgx';
import { signingKey } from './signing-keys.ts';

/**
 * Makes the vendor of a new machine, or leaves the one that is there. It signs its quoting enclave with a key of the fixtures; all
 * other keys, the certificates and the machine's fuses are as fresh as ever.
 */
export async function makeVendor(stateFolder: string): Promise<void> {
  const { vendorFolder } = stateFolders(stateFolder);
  await createVendor(vendorFolder, { now: new Date(), quotingSigningKey: signingKey('quoting') });
}

/** As `startPlatform`, which makes a machine where there is none, by a vendor of {@link makeVendor}. */
export async function startMachine(options: EmbeddedPlatformOptions): Promise<EmbeddedPlatform> {
  await makeVendor(options.stateFolder);
  return startPlatform(options);
}
