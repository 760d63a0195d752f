import { toHex } from '@enclos/codec';
import { mrSignerOf } from '@enclos/sgx';
import { loadSigningKey, publicModulus, sha256 } from '@enclos/sgx/node';

/** MRSIGNER of a private signing key in PEM, in hex. @throws SIGNING_KEY_INVALID */
export function mrSignerOfKey(pem: string | Uint8Array): string {
  return toHex(mrSignerOf(publicModulus(loadSigningKey(pem)), sha256));
}
