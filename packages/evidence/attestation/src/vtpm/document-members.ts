import { EnclosError } from '@enclos/errors';
import type { JsonObject, JsonValue } from '@enclos/codec/json';
import { digestSizeBytes, pcrCount, type TpmQuote } from './tpm-quote.ts';

/** What a document of any version holds. */
export interface Members {
  readonly hclReport: Uint8Array;
  readonly tpmQuote: TpmQuote;
  readonly vcek: Uint8Array | undefined;
  readonly tdQuote: Uint8Array | undefined;
}

/** An NV index has 2600 bytes, a signature 256, a TD quote of Azure 5006. */
export const maximumBytes = Object.freeze({
  hclReport: 16_384,
  certificate: 8192,
  tdQuote: 65_536,
  message: 1024,
  signature: 512,
  digest: digestSizeBytes,
});

/** Refuses unknown members, which no step would verify. @throws CODEC_INVALID */
export function requireKnown(value: JsonObject, known: readonly string[]): void {
  const stranger = Object.keys(value).find((name) => !known.includes(name));
  if (stranger !== undefined) throw invalidDocument('has a member that is not known');
}

/** The values of PCR 0 and up. @throws CODEC_INVALID unless there are 1 to 24 of 32 bytes. */
export function requirePcrs<T extends JsonValue>(
  values: readonly T[],
  read: (value: T) => Uint8Array,
): readonly Uint8Array[] {
  const pcrs = values.length > pcrCount ? [] : values.map(read);
  if (pcrs.length === 0 || pcrs.some(({ length }) => length !== digestSizeBytes)) {
    throw invalidDocument(`does not have 1 to ${pcrCount} PCRs of ${digestSizeBytes} bytes`);
  }
  return Object.freeze(pcrs);
}

export function invalidDocument(what: string): EnclosError {
  return new EnclosError('CODEC_INVALID', `The evidence ${what}.`);
}
