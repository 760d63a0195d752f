import { concatBytes, utf8 } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import { u16 } from '../big-endian.ts';
import { lengthsOf, suiteOf, type HpkeSuite } from '../suites.ts';
import type { OhttpProfile } from './profile.ts';

/** Key id, KEM, KDF and AEAD (RFC 9458, section 4.1). */
export const headerBytes = 7;

export function requestHeader(keyId: number, { kem, kdf, aead }: HpkeSuite): Uint8Array {
  return concatBytes(Uint8Array.of(keyId), u16(kem), u16(kdf), u16(aead));
}

/** RFC 9458, section 4.3: the info of HPKE. */
export function requestInfo({ requestLabel }: OhttpProfile, header: Uint8Array): Uint8Array {
  return concatBytes(utf8(requestLabel), Uint8Array.of(0), header);
}

/** How many bytes header and encapsulated key have, from as much of the header as is there. */
export function requestPrefixBytes(front: Uint8Array): number {
  if (front.length < headerBytes) return headerBytes;
  return headerBytes + lengthsOf(readRequestHeader(front).suite.kem).enc;
}

/** @throws HPKE_UNSUPPORTED for algorithms that are not known here, HPKE_TRUNCATED for fewer bytes. */
export function readRequestHeader(bytes: Uint8Array): { readonly keyId: number; readonly suite: HpkeSuite } {
  if (bytes.length < headerBytes) throw new EnclosError('HPKE_TRUNCATED');
  const view = new DataView(bytes.buffer, bytes.byteOffset, headerBytes);
  const [kem, kdf, aead] = [view.getUint16(1), view.getUint16(3), view.getUint16(5)];
  const suite = suiteOf(kem, kdf, aead);
  if (suite === undefined) {
    throw new EnclosError('HPKE_UNSUPPORTED', 'The request names an algorithm that is not known.');
  }
  return { keyId: view.getUint8(0), suite };
}
