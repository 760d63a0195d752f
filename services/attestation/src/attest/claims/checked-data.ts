import type { JsonObject } from '@enclos/codec/json';

/** Data that evidence binds: its hash is where it must be. */
export interface CheckedData {
  /** Binary data, as it came. */
  readonly bytes?: Uint8Array;
  /** JSON data, read. */
  readonly json?: JsonObject;
}
