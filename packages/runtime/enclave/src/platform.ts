import type { Capabilities } from '@enclos/tee';
import { runtime } from './runtime.ts';

/**
 * What the platform of this enclave can do, and whether it is hardware. The answer comes from the driver that booted this
 * enclave, in the trusted runtime, not from the host.
 */
export function capabilities(): Capabilities {
  return runtime().attester.capabilities;
}
