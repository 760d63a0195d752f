import { plural, publicError, refuse } from '../refusal.ts';
import { Sink } from '../sink.ts';
import { Source } from '../source.ts';
import { type Codec, codecOf, type Infer, type Type } from '../type.ts';

export interface DecodeOptions {
  /** The name of the value in the path of an error: `value` when absent. */
  readonly path?: string;
}

export interface EncodeOptions extends DecodeOptions {
  /** Refuses a longer encoding than this, even if the type allows it. */
  readonly maxBytes?: number;
}

/** The size in bytes of the longest encoding of any value of `type`, which a receiver must be prepared for. */
export function maxEncodedBytes(type: Type): number {
  return codecOf(type, 'The argument of maxEncodedBytes()').maxBytes;
}

/**
 * The canonical encoding of `value`, validated in the same pass.
 *
 * @throws EDL_VALUE_REFUSED with the path and the bound, never the value.
 */
export function encodeValue<X extends Type>(type: X, value: Infer<X>, options: EncodeOptions = {}): Uint8Array {
  const parts = codecOf(type, 'The type given to encodeValue()');
  const limits = { path: options.path ?? 'value', maxBytes: options.maxBytes ?? parts.maxBytes };
  const message = encodeWith(parts, value, limits);
  if (2 * message.length > message.buffer.byteLength) return message;
  // Small messages share memory, which is not for a value that may be secret, and that its owner may keep.
  const alone = message.slice();
  message.fill(0);
  return alone;
}

/**
 * The value that `bytes` encode. Every bound is checked before anything of that size is allocated;
 * the result shares no memory with `bytes`.
 *
 * @throws EDL_VALUE_REFUSED with the path and the bound, for any bytes that `encodeValue` would not give.
 */
export function decodeValue<X extends Type>(type: X, bytes: Uint8Array, options: DecodeOptions = {}): Infer<X> {
  const parts = codecOf(type, 'The type given to decodeValue()');
  // Memory that another thread can write could change between check and use, so it is copied first.
  const isShared = !(bytes.buffer instanceof ArrayBuffer);
  // The codec of Type<T> reads T: the builders pair them.
  return decodeWith(parts, isShared ? new Uint8Array(bytes) : bytes, options.path ?? 'value', isShared) as Infer<X>;
}

/** One buffer is kept for the next value. A getter that encodes while its object is being encoded gets another. */
let idleSink: Sink | undefined = new Sink();

export interface EncodeLimits {
  readonly path: string;
  readonly maxBytes: number;
}

/** As {@link encodeValue}, for a message that is sent at once: a small one shares its memory with other messages. */
export function encodeWith(parts: Codec, value: unknown, limits: EncodeLimits): Uint8Array {
  const sink = idleSink ?? new Sink();
  idleSink = undefined;
  sink.limit = limits.maxBytes;
  try {
    parts.write(sink, value);
    return sink.finish();
  } catch (error) {
    throw publicError(error, limits.path);
  } finally {
    sink.clear();
    idleSink = sink;
  }
}

/** A rejected promise, for functions that are not async. */
export async function rejected(error: unknown): Promise<never> {
  throw error;
}

/**
 * `bytes` are in memory that no other code can change.
 * @param isOurs no other code holds the bytes either, so that values may stay in their memory.
 */
export function decodeWith(parts: Codec, bytes: Uint8Array, path: string, isOurs = true): unknown {
  try {
    if (bytes.length > parts.maxBytes) {
      refuse(`${plural(bytes.length, 'byte')} when encoded, at most ${parts.maxBytes}`);
    }
    const source = new Source(bytes, isOurs);
    const value = parts.read(source);
    if (source.remaining !== 0) refuse(`${plural(source.remaining, 'byte')} after the end of the value`);
    return value;
  } catch (error) {
    throw publicError(error, path);
  }
}
