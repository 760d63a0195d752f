import type { Capabilities } from '@enclos/tee';
import { runtime } from './runtime.ts';

/**
 * What the platform of this enclave can do, and whether it is hardware. The trusted
 * runtime knows it, not the host: it is the driver that booted this enclave.
 */
export function capabilities(): Capabilities {
  return runtime().attester.capabilities;
}
