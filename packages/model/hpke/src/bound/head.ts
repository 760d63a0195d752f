import { concatBytes, utf8 } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import { u64 } from '../big-endian.ts';
import { headerBytes, readRequestHeader, requestHeader } from '../ohttp/header.ts';
import { lengthsOf, tagBytes, type HpkeSuite } from '../suites.ts';
import { encodeBinding, type RequestBinding } from './binding.ts';

/** The media types of bound requests and their responses. */
export const boundTypes = Object.freeze({
  request: 'application/vnd.enclos.bound-request',
  response: 'application/vnd.enclos.bound-response',
} as const);

export const requestIdBytes = 16;
const version = 1;
const fixedBytes = 1 + headerBytes + requestIdBytes + 8;
const requestInfo = utf8('enclos bound request\0');
export const responseLabel = 'enclos bound response';

/** What stands in the clear before a bound request, all of it bound. */
export interface BoundHead {
  readonly keyId: number;
  readonly suite: HpkeSuite;
  /** 16 random bytes, for logs and receipts of both ends. */
  readonly requestId: Uint8Array;
  /** When the client sealed it. */
  readonly dateMs: number;
}

/** version u8, key id u8, KEM, KDF and AEAD u16, request id, date u64 in ms: big-endian. */
export function encodeBoundHead({ keyId, suite, requestId, dateMs }: BoundHead): Uint8Array {
  if (requestId.length !== requestIdBytes || !Number.isSafeInteger(dateMs) || dateMs < 0) {
    throw new EnclosError('HPKE_MESSAGE_INVALID', 'A request id has 16 bytes, and a date is in whole milliseconds.');
  }
  return concatBytes(Uint8Array.of(version), requestHeader(keyId, suite), requestId, u64(dateMs));
}

export interface BoundParts extends BoundHead {
  readonly head: Uint8Array;
  readonly enc: Uint8Array;
  readonly ciphertext: Uint8Array;
}

/** @throws HPKE_MESSAGE_INVALID, HPKE_TRUNCATED, HPKE_UNSUPPORTED. */
export function readBoundMessage(message: Uint8Array): BoundParts {
  if (message.length < fixedBytes) throw new EnclosError('HPKE_TRUNCATED');
  if (message[0] !== version) throw new EnclosError('HPKE_MESSAGE_INVALID', 'The bound request has another version.');
  const { keyId, suite } = readRequestHeader(message.subarray(1));
  const date = new DataView(message.buffer, message.byteOffset + fixedBytes - 8, 8).getBigUint64(0);
  if (date > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw new EnclosError('HPKE_MESSAGE_INVALID', 'The date is too far away.');
  }
  const ciphertextAt = fixedBytes + lengthsOf(suite.kem).enc;
  if (message.length < ciphertextAt + tagBytes) throw new EnclosError('HPKE_TRUNCATED');
  return {
    keyId,
    suite,
    requestId: message.slice(1 + headerBytes, 1 + headerBytes + requestIdBytes),
    dateMs: Number(date),
    head: message.subarray(0, fixedBytes),
    enc: message.slice(fixedBytes, ciphertextAt),
    ciphertext: message.subarray(ciphertextAt),
  };
}

/** The same for every request to a key, so that its hash is made once. */
export function boundInfo(keyId: number, suite: HpkeSuite): Uint8Array {
  return concatBytes(requestInfo, requestHeader(keyId, suite));
}

export function boundAad(head: Uint8Array, binding: RequestBinding): Uint8Array {
  return concatBytes(head, encodeBinding(binding));
}
