import { CborReader, CborType, toHex } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';

type Members = Readonly<Record<string, unknown>>;
/** The names of keys that are numbers. A key that is text is its own name. */
type Names = ReadonlyMap<number, string>;

/** A COSE_Sign1 alone (RFC 9052 section 4.2), and one that is tagged as a CBOR web token (RFC 8392 section 6). */
const starts: readonly (readonly number[])[] = [[0xd2], [0xd8, 0x3d, 0xd2]];
const maximumDepth = 8;
const maximumItems = 1024;
const maximumBytes = 1024 * 1024;

/** Claims by their numbers: RFC 8392, RFC 9711, and draft-ietf-rats-ear. */
const claimNames: Names = new Map([
  [1, 'iss'],
  [2, 'sub'],
  [3, 'aud'],
  [4, 'exp'],
  [5, 'nbf'],
  [6, 'iat'],
  [7, 'cti'],
  [10, 'eat_nonce'],
  [256, 'ueid'],
  [265, 'eat_profile'],
  [266, 'submods'],
  [1000, 'ear.status'],
  [1001, 'ear.trustworthiness-vector'],
  [1002, 'ear.raw-evidence'],
  [1003, 'ear.appraisal-policy-id'],
  [1004, 'ear.verifier-id'],
]);
const headerNames: Names = new Map([
  [1, 'alg'],
  [3, 'content type'],
  [4, 'kid'],
]);

/** Members of a claim have their own names. */
const innerNames: ReadonlyMap<string, Names> = new Map([
  [
    'ear.trustworthiness-vector',
    new Map([
      [0, 'instance-identity'],
      [1, 'configuration'],
      [2, 'executables'],
      [3, 'file-system'],
      [4, 'hardware'],
      [5, 'runtime-opaque'],
      [6, 'storage-opaque'],
      [7, 'sourced-data'],
    ]),
  ],
  [
    'ear.verifier-id',
    new Map([
      [0, 'developer'],
      [1, 'build'],
    ]),
  ],
  ['submods', new Map()],
]);

/**
 * Header and claims of a CBOR web token in a COSE_Sign1, with the names that JSON web tokens have; byte strings become
 * hex. The signature is not looked at.
 *
 * @returns undefined for bytes that are not one.
 */
export function readCwt(bytes: Uint8Array): { readonly header: Members; readonly claims: Members } | undefined {
  if (!starts.some((start) => start.every((octet, index) => bytes[index] === octet))) return undefined;
  try {
    const outer = new CborReader(bytes);
    for (let left = bytes[0] === 0xd2 ? 1 : 2; left > 0; left--) outer.tag();
    if (outer.array(4) !== 4) return undefined;
    const header = mapIn(outer.byteString(maximumBytes), headerNames);
    outer.skip();
    const claims = mapIn(outer.byteString(maximumBytes), claimNames);
    outer.byteString(maximumBytes);
    outer.end();
    return header === undefined || claims === undefined ? undefined : { header, claims };
  } catch (error) {
    if (!isEnclosError(error)) throw error;
    return undefined;
  }
}

function mapIn(bytes: Uint8Array, names: Names): Members | undefined {
  const reader = new CborReader(bytes);
  if (reader.peek() !== CborType.MAP) return undefined;
  const values = new ValueReader(reader);
  const map = values.map(names, 0);
  reader.end();
  return map;
}

/** Converts CBOR to JSON values, bounded in depth and in number. */
class ValueReader {
  readonly #reader: CborReader;
  #left = maximumItems;

  constructor(reader: CborReader) {
    this.#reader = reader;
  }

  map(names: Names, depth: number): Members | undefined {
    const members = new Map<string, unknown>();
    for (let left = this.#reader.map(this.#left); left > 0; left--) {
      const name = this.#name(names);
      // A part of a result has claims as the whole has: RFC 9711 section 4.2.18.
      const inner = innerNames.get(name) ?? claimNames;
      if (members.has(name)) return undefined;
      members.set(name, this.#value(inner, depth + 1));
    }
    return Object.fromEntries(members);
  }

  #name(names: Names): string {
    if (this.#reader.peek() === CborType.TEXT) return this.#reader.text(maximumBytes);
    const key = this.#reader.integer();
    return names.get(key) ?? String(key);
  }

  #value(names: Names, depth: number): unknown {
    this.#left -= 1;
    if (this.#left < 0 || depth > maximumDepth) {
      this.#reader.skip();
      return '…';
    }
    switch (this.#reader.peek()) {
      case CborType.UNSIGNED:
      case CborType.NEGATIVE:
        return this.#reader.integer();
      case CborType.BYTES:
        return toHex(this.#reader.byteString(maximumBytes));
      case CborType.TEXT:
        return this.#reader.text(maximumBytes);
      case CborType.ARRAY:
        return Array.from({ length: this.#reader.array(this.#left) }, () => this.#value(names, depth + 1));
      case CborType.MAP:
        return this.map(names, depth);
      case CborType.TAG:
        this.#reader.tag();
        return this.#value(names, depth + 1);
      default:
        return this.#reader.simple();
    }
  }
}
