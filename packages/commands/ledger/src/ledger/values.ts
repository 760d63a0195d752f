import { toBase64, toHex } from '@enclos/codec';
import { decodeUtf8 } from '@enclos/codec/text';
import { isEnclosError } from '@enclos/errors';
import { publicWrites, type LedgerEntry, type MapChanges, type WriteSet } from '@enclos/ledger';
import { writeTransactionId } from '@enclos/ledger/proof';

/** A key or a value: text where it is printable, otherwise hex or base64 under a name that says so. */
export type ShownBytes = string | { readonly hex: string } | { readonly base64: string };

/** Keys of most tables are text or numbers. */
function shownKey(bytes: Uint8Array): ShownBytes {
  return textOf(bytes) ?? { hex: toHex(bytes) };
}

function shownValue(bytes: Uint8Array): ShownBytes {
  return textOf(bytes) ?? { base64: toBase64(bytes) };
}

/** Text without characters of control but for spaces and line breaks. */
function textOf(bytes: Uint8Array): string | undefined {
  try {
    const text = decodeUtf8(bytes);
    // eslint-disable-next-line no-control-regex -- These are what is looked for.
    return /[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F]/.test(text) ? undefined : text;
  } catch (error) {
    if (!isEnclosError(error)) throw error;
    return undefined;
  }
}

/** One map of a transaction, for programs. */
export interface ShownMap {
  readonly name: string;
  readonly writes: readonly { readonly key: ShownBytes; readonly value: ShownBytes }[];
  readonly removes: readonly ShownBytes[];
}

/** One transaction, for programs. */
export interface ShownTransaction {
  readonly transactionId: string;
  readonly file: string;
  /** Bytes from the begin of the file. */
  readonly offset: number;
  readonly sizeBytes: number;
  /** Hex; none where the application claims nothing. */
  readonly claimsDigest: string | null;
  readonly maps: readonly ShownMap[];
  /** Bytes of the private part, and whether it is among the maps. */
  readonly privateBytes: number;
  readonly privateOpened: boolean;
}

export interface ShownPlace {
  readonly file: string;
  readonly offset: number;
}

/** @param privateWrites Undefined where the keys are not known. @param maps Only these; all for none. */
export function showTransaction(
  entry: LedgerEntry,
  place: ShownPlace,
  privateWrites: WriteSet | undefined,
  maps: readonly string[],
): ShownTransaction {
  const all = [...publicWrites(entry), ...(privateWrites ?? [])];
  const { claimsDigest, sealed } = entry;
  const isClaimed = claimsDigest?.some((byte) => byte !== 0) === true;
  return {
    transactionId: writeTransactionId(entry),
    file: place.file,
    offset: place.offset,
    sizeBytes: entry.bytes.length,
    claimsDigest: isClaimed ? toHex(claimsDigest) : null,
    maps: all.filter(({ name }) => maps.length === 0 || maps.includes(name)).map(shownMap),
    privateBytes: sealed.ciphertext.length,
    privateOpened: privateWrites !== undefined,
  };
}

function shownMap({ name, writes, removes }: MapChanges): ShownMap {
  return {
    name,
    writes: writes.map(([key, value]) => ({ key: shownKey(key), value: shownValue(value) })),
    removes: removes.map(shownKey),
  };
}

/** For people. */
export function wordsOf(shown: ShownBytes): string {
  if (typeof shown === 'string') return shown;
  return 'hex' in shown ? `0x${shown.hex}` : `base64 ${shown.base64}`;
}
