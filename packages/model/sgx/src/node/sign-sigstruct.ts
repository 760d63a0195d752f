import '../errors.ts';
import { EnclosError } from '@enclos/errors';
import { sign, type KeyObject } from 'node:crypto';
import { completeSigstruct, sigstructToSign } from '../sigstruct/sign.ts';
import type { SigstructFields } from '../sigstruct/sigstruct.ts';
import { publicModulus } from './signing-key.ts';

/**
 * Signs an enclave. The same fields and key always give the same bytes.
 *
 * @returns a SIGSTRUCT, 1808 bytes.
 * @throws SIGSTRUCT_INVALID naming the field that does not fit.
 * @throws SIGNING_KEY_INVALID for a key that is not RSA-3072 with exponent 3.
 */
export function signSigstruct(fields: SigstructFields, key: KeyObject): Uint8Array {
  if (key.type !== 'private') throw new EnclosError('SIGNING_KEY_INVALID', 'A public key cannot sign.');
  const modulus = publicModulus(key);
  const signature = new Uint8Array(sign('sha256', sigstructToSign(fields), key)).reverse();
  return completeSigstruct(fields, { modulus, signature });
}
