import type { BootCapabilities } from '@enclos/enclave/boot';
import { decodeInterpreterManifest } from '@enclos/manifest';
import * as boots from './rude-boots.ts';
import { call } from './stolen.ts';

/** Which rudeness is in the manifest: in the value of its only variable. */
export async function boot(_main: unknown, capabilities: BootCapabilities): Promise<void> {
  const [variable] = decodeInterpreterManifest(capabilities.manifest).environment;
  const rudeness: unknown = Reflect.get(boots, variable?.value ?? '');
  call(rudeness, undefined, capabilities);
  await new Promise(() => undefined);
}
