import type { JsonObject } from '@enclos/codec/json';

/** Data that evidence binds: its hash is where it must be. */
export interface CheckedData {
  /** Binary data, in base64url: as the claim of it says it, and no caller can change text. */
  readonly base64url?: string;
  /** JSON data, read. */
  readonly json?: JsonObject;
}
