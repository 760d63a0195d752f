import { concatBytes } from '@enclos/codec';
import { refuse } from '../refusal.ts';

/** A body to send, with the headers that describe it. The parts are not copied: tensors stay where they are. */
export interface OutgoingBody {
  readonly contentType: string;
  /** The value of `Inference-Header-Content-Length`; undefined when no tensor is in binary. */
  readonly headerLength: number | undefined;
  readonly parts: readonly Uint8Array[];
  /** The bytes of all parts: the value of `Content-Length`. */
  readonly sizeBytes: number;
}

/** The parts of a body as one. */
export function wholeBody({ parts }: OutgoingBody): Uint8Array {
  const [only] = parts;
  return parts.length === 1 && only !== undefined ? only : concatBytes(...parts);
}

/**
 * The value of the header `Inference-Header-Content-Length`, read strictly: up to 15 digits, no sign.
 *
 * @param value of the header; undefined or null when the message has none.
 * @returns undefined without the header: the whole body is JSON. 0 says that the whole body is the data of one tensor.
 * @throws INFERENCE_MESSAGE_INVALID.
 */
export function readHeaderLength(value: string | null | undefined): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (!/^\d{1,15}$/.test(value)) refuse('Inference-Header-Content-Length', 'is not a number of bytes');
  return Number(value);
}

/** Where tensors in binary are taken from, one after the other. */
export class BinarySection {
  readonly #bytes: Uint8Array;
  #offset = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** The data of the next tensor: a view. @throws INFERENCE_MESSAGE_INVALID when fewer bytes are left. */
  take(sizeBytes: number, at: string): Uint8Array {
    const start = this.#offset;
    if (sizeBytes > this.#bytes.length - start) refuse(at, 'has more binary data than the body has left');
    this.#offset += sizeBytes;
    return this.#bytes.subarray(start, this.#offset);
  }

  /** @throws INFERENCE_MESSAGE_INVALID when bytes are left. */
  end(): void {
    if (this.#offset !== this.#bytes.length) refuse('the body', 'has bytes after its last tensor');
  }
}

/** The JSON of a body, and its binary section. @throws INFERENCE_MESSAGE_INVALID for a header length beyond the body. */
export function splitBody(
  body: Uint8Array,
  headerLength: number | undefined,
): { readonly json: Uint8Array; readonly binary: BinarySection } {
  const length = headerLength ?? body.length;
  if (length > body.length) refuse('Inference-Header-Content-Length', 'is more than the length of the body');
  return { json: body.subarray(0, length), binary: new BinarySection(body.subarray(length)) };
}
