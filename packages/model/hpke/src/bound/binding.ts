import { concatBytes, utf8 } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import { u16 } from '../big-endian.ts';

/**
 * What a request is about. Both ends name it for themselves, the service from the request line that it acts on and from
 * the model that it runs; if they differ, the request does not open.
 */
export interface RequestBinding {
  /** Such as POST. */
  readonly method: string;
  /** Path and query, as in the request line. */
  readonly path: string;
  /** The name of the model, and its version if the path has one; empty for a request about no model. */
  readonly model: string;
  /** SHA-256 of the model; no bytes for a request about no model. */
  readonly modelDigest: Uint8Array;
}

const digestBytes = 32;
const maximumPartBytes = 8192;

/** The bytes of bindings that nothing can change: a session has the same for all of its requests. */
const encodings = new WeakMap<RequestBinding, Uint8Array>();

/** Each part after its length, so that no two bindings have the same bytes. */
export function encodeBinding(binding: RequestBinding): Uint8Array {
  const known = encodings.get(binding);
  if (known !== undefined) return known;
  const encoded = encode(binding);
  if (Object.isFrozen(binding) && binding.modelDigest.length === 0) encodings.set(binding, encoded);
  return encoded;
}

function encode({ method, path, model, modelDigest }: RequestBinding): Uint8Array {
  if (modelDigest.length !== digestBytes && modelDigest.length !== 0) {
    throw new EnclosError('HPKE_MESSAGE_INVALID', 'The digest of a model has 32 bytes.');
  }
  const parts = [utf8(method), utf8(path), utf8(model), modelDigest];
  if (parts.some((part) => part.length > maximumPartBytes)) {
    throw new EnclosError('HPKE_LIMIT_EXCEEDED', `A part of a binding has more than ${maximumPartBytes} bytes.`);
  }
  return concatBytes(...parts.flatMap((part) => [u16(part.length), part]));
}
