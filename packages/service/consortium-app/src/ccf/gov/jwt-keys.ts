import { createPublicKey, X509Certificate, type JsonWebKey } from 'node:crypto';

import { toBase64, utf8 } from '@enclos/codec';
import type { KvMap } from '@enclos/kv';

const maxKeys = 256;
const maxKeySetLength = 1024 * 1024;

/** A row of `public:ccf.gov.jwt.public_signing_keys_metadata_v2`: one issuer's key of a name. */
interface IssuerKey {
  readonly constraint?: string;
  readonly issuer: string;
  /** DER in base64. */
  readonly public_key: string;
}

interface GivenKey {
  readonly kid?: unknown;
  readonly n?: unknown;
  readonly e?: unknown;
  readonly x?: unknown;
  readonly y?: unknown;
  readonly crv?: unknown;
  readonly x5c?: unknown;
  readonly issuer?: unknown;
}

interface GivenKeySet {
  readonly issuer: string;
  /** JSON. */
  readonly keySet: string;
  /** Called for each key, where the time has a limit. */
  readonly checkTime?: () => void;
}

/** Replaces the keys of an issuer (CCF, jwt_management.h). What would not change is not written. */
export function setIssuerKeys(table: KvMap, set: GivenKeySet): void {
  const { issuer } = set;
  const given = readKeySet(set);
  const before = rowsOf(table).filter(({ keys }) => keys.some((key) => key.issuer === issuer));
  for (const [kid, key] of given) {
    const row = readRow(table.get(utf8(kid)));
    const at = row.findIndex((known) => known.issuer === issuer);
    const known = row[at];
    if (known?.public_key === key.public_key && known.constraint === key.constraint) continue;
    writeRow(table, kid, at === -1 ? [...row, key] : row.with(at, key));
  }
  for (const { kid, keys } of before) {
    if (given.has(kid)) continue;
    writeRow(
      table,
      kid,
      keys.filter((key) => key.issuer !== issuer),
    );
  }
}

export function removeIssuerKeys(table: KvMap, issuer: string): void {
  for (const { kid, keys } of rowsOf(table)) {
    const others = keys.filter((key) => key.issuer !== issuer);
    if (others.length < keys.length) writeRow(table, kid, others);
  }
}

function readKeySet({ issuer, keySet, checkTime }: GivenKeySet): ReadonlyMap<string, IssuerKey> {
  if (keySet.length > maxKeySetLength) throw new Error(`the key set has more than ${maxKeySetLength} characters`);
  const parsed = JSON.parse(keySet) as { readonly keys?: unknown };
  const keys: unknown = parsed?.keys;
  if (!Array.isArray(keys) || keys.length === 0 || keys.length > maxKeys) {
    throw new Error(`the key set needs from 1 to ${maxKeys} keys`);
  }
  return new Map(
    keys.map((key: unknown) => {
      checkTime?.();
      return readKey(issuer, key ?? {});
    }),
  );
}

function readKey(issuer: string, given: GivenKey): readonly [string, IssuerKey] {
  const { kid, issuer: constraint } = given;
  if (typeof kid !== 'string') throw new Error('Missing kid for JWT signing key');
  const public_key = toBase64(keyOf(kid, given));
  if (constraint === undefined || constraint === null) return [kid, { issuer, public_key }];
  if (typeof constraint !== 'string') throw new Error(`JWKS kid ${kid} has an issuer constraint that is not text`);
  if (!isWithin(issuer, constraint)) {
    throw new Error(`JWKS kid ${kid} with issuer constraint ${constraint} fails validation against issuer ${issuer}`);
  }
  return [kid, { constraint, issuer, public_key }];
}

/** DER of a key: RSA numbers, a point, or the first certificate. */
function keyOf(kid: string, { n, e, x, y, crv, x5c }: GivenKey): Uint8Array {
  const parts: Record<string, unknown> | undefined = isText(n, e)
    ? { kty: 'RSA', n, e }
    : isText(x, y, crv)
      ? { kty: 'EC', crv, x, y }
      : undefined;
  if (parts !== undefined) {
    const key = createPublicKey({ key: parts as JsonWebKey, format: 'jwk' });
    return key.export({ type: 'spki', format: 'der' });
  }
  const certificate: unknown = Array.isArray(x5c) ? x5c[0] : undefined;
  if (typeof certificate !== 'string') throw new Error(`JWKS kid ${kid} has neither RSA/EC public key or x5c`);
  const { publicKey } = new X509Certificate(Buffer.from(certificate, 'base64'));
  return publicKey.export({ type: 'spki', format: 'der' });
}

function isText(...values: readonly unknown[]): boolean {
  return values.every((value) => typeof value === 'string' && value !== '');
}

/** Tokens may name an issuer of the same domain, or of one above it: others would sign for strangers. */
function isWithin(issuer: string, constraint: string): boolean {
  const [own, wanted] = [hostOf(issuer), hostOf(constraint)];
  return wanted !== '' && (own === wanted || own.endsWith(`.${wanted}`));
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).hostname : '';
}

function rowsOf(table: KvMap): readonly { readonly kid: string; readonly keys: readonly IssuerKey[] }[] {
  const rows: { kid: string; keys: readonly IssuerKey[] }[] = [];
  table.forEach((value, key) => {
    rows.push({ kid: Buffer.from(key).toString(), keys: readRow(value) });
  });
  return rows;
}

function readRow(value: Uint8Array | undefined): readonly IssuerKey[] {
  return value === undefined ? [] : (JSON.parse(Buffer.from(value).toString()) as readonly IssuerKey[]);
}

function writeRow(table: KvMap, kid: string, keys: readonly IssuerKey[]): void {
  if (keys.length === 0) table.delete(utf8(kid));
  else table.set(utf8(kid), utf8(JSON.stringify(keys)));
}
