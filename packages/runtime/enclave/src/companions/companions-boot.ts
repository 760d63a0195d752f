import './errors.ts';
import { decodeCompanions } from '@enclos/manifest';
import type { CompanionPassage } from '@enclos/tee/companions';
import type { BootCapabilities } from '../boot.ts';
import { installCompanions } from './open-companions.ts';

/** What the loader gives an enclave with companions. */
export interface CompanionBootCapabilities extends BootCapabilities {
  /** Absent on a platform that starts no companions. */
  readonly companions?: CompanionPassage | undefined;
}

/**
 * Takes the companions out of what an enclave is given, for `boot`, which knows none. The build's generated entry calls it where
 * enclave.json declares companions, so no other enclave holds it.
 * @throws MANIFEST_INVALID
 */
export function withCompanions({ companions: passage, ...capabilities }: CompanionBootCapabilities): BootCapabilities {
  const { companions: declared, base } = decodeCompanions(capabilities.manifest);
  installCompanions({ declared, passage });
  return { ...capabilities, manifest: base };
}
