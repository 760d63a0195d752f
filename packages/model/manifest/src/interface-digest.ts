import { utf8 } from '@enclos/codec';
import { sha256 } from '@enclos/sgx/node';

/** SHA-256 of an interface's canonical description. The manifest and the gate's first message carry it. */
export function interfaceDigest(definition: { describe(): string }): Uint8Array {
  return sha256(utf8(definition.describe()));
}
