import { ByteWriter, utf8 } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import { refuseState } from '../errors.ts';
import type { Protection, RecordPlace } from './protection.ts';

interface SealOptions {
  readonly policy: 'signer' | 'enclave';
  readonly associatedData: Uint8Array;
}

/** `seal` and `unseal` of `@enclos/enclave`. */
export interface Sealing {
  seal(plaintext: Uint8Array, options: SealOptions): Promise<Uint8Array>;
  unseal(blob: Uint8Array, options: SealOptions): Promise<Uint8Array>;
}

export interface SealedProtectionOptions {
  /** The name of the service, as in `StateFormat`. */
  readonly service: string;
  readonly policy?: SealOptions['policy'];
}

/**
 * For a store that one replica uses alone: records are sealed.
 *
 * @param options.policy `signer` (default): a later version of the service, of the same signer, opens the state of this one, and no
 * earlier one does. With `enclave` no signer can make a service that forges state, and every new image begins anew: for
 * services whose clients trust an MRENCLAVE and not its signer.
 */
export function sealedProtection(
  sealing: Sealing,
  { service, policy = 'signer' }: SealedProtectionOptions,
): Protection {
  const tag = utf8(`enclos.${service}-state-seal.v1`);
  const optionsAt = (place: RecordPlace): SealOptions => ({ policy, associatedData: associatedData(tag, place) });
  return {
    protect: (record, place) => sealing.seal(record, optionsAt(place)),
    async open(bytes, place) {
      try {
        return { record: await sealing.unseal(bytes, optionsAt(place)) };
      } catch (error) {
        // What the platform cannot do now says nothing about the record.
        if (!isEnclosError(error) || !error.code.startsWith('SEAL_')) throw error;
        return refuseState('protection', error);
      }
    },
  };
}

/** A record that was sealed for another service, tenant or key does not open. */
function associatedData(tag: Uint8Array, { key, issuer }: RecordPlace): Uint8Array {
  const [keyBytes, issuerBytes] = [utf8(key), utf8(issuer)];
  const writer = new ByteWriter().bytes(tag).u16(keyBytes.length).bytes(keyBytes);
  return writer.u16(issuerBytes.length).bytes(issuerBytes).finish();
}
