import { integer, meaning, oneOf, type JsonForm, type JsonValue } from '@enclos/codec/json';
import { isJsonObject } from '@enclos/codec/json';
import { isEnclosError } from '@enclos/errors';
import { signatureKeyOfJwk, type SignatureKey } from '@enclos/jose';
import { keyPlaceIn } from './key-place.ts';

/** What one run of a model may cost. What is absent is for the service to set. */
export interface ModelRunLimits {
  /** Bytes of all inputs of one request together. */
  readonly maxInputBytes?: number;
  readonly maxOutputBytes?: number;
  /** Elements of one tensor. */
  readonly maxElements?: number;
  readonly maxRunMs?: number;
  readonly memoryBytes?: number;
}

/** A model that may be served. */
export interface ModelEntry {
  readonly name: string;
  readonly version: string;
  /** SHA-256 of the plain bytes, in hex. */
  readonly digest: string;
  readonly sizeBytes: number;
  /**
   * The file is encrypted, and this names where its key is: `kbs:///repository/type/tag` at a key broker, `release:///name` at an
   * attestation service.
   */
  readonly keyId?: string;
  /** The file is encrypted, and its owner supplies the key: the holder of this key, who signs it. Not with `keyId`. */
  readonly owner?: SignatureKey;
  /** Whether a key that the owner supplied outlives the enclave: sealed to it on its machine, or not at all (default). */
  readonly keepKey?: 'sealed';
  readonly limits: ModelRunLimits;
}

/** Names and versions stand in paths of URLs. */
const word = (maximum: number): RegExp => new RegExp(`^[A-Za-z0-9][A-Za-z0-9._-]{0,${maximum - 1}}$`);
const name = pattern('up to 128 letters, digits, dots, dashes and underlines', word(128));
const version = pattern('up to 64 letters, digits, dots, dashes and underlines', word(64));
const digest = pattern('a SHA-256 digest in lower-case hex', /^[0-9a-f]{64}$/);
const keyId = meaning('kbs:///REPOSITORY/TYPE/TAG or release:///NAME', (text) =>
  keyPlaceIn(text) === undefined ? undefined : text,
);
const bytes = integer(1, 2 ** 40);
const limitRules = Object.freeze({
  maxInputBytes: bytes,
  maxOutputBytes: bytes,
  maxElements: integer(1, 2 ** 40),
  maxRunMs: integer(1, 86_400_000),
  memoryBytes: bytes,
} as const);

function pattern(expected: string, regular: RegExp): ReturnType<typeof meaning<string>> {
  return meaning(expected, (text) => (regular.test(text) ? text : undefined));
}

/** A key that verifies signatures, as a JWK. */
export const signatureKey = {
  expected: 'a JWK of P-256, P-384 or Ed25519',
  read: (value: unknown): SignatureKey | undefined => {
    // The reader of the file made the value: it is JSON.
    const jwk = value as JsonValue;
    if (!isJsonObject(jwk) || 'd' in jwk) return undefined;
    try {
      const key = signatureKeyOfJwk(jwk);
      return key?.type === 'P-256' || key?.type === 'P-384' || key?.type === 'Ed25519' ? key : undefined;
    } catch (error) {
      if (!isEnclosError(error)) throw error;
      return undefined;
    }
  },
};

/** Reads one model. Mistakes are noted in the form; the result is whole if there are none. */
export function readEntry(form: JsonForm): ModelEntry {
  const entry = {
    name: form.required('name', name) ?? '',
    version: form.required('version', version) ?? '',
    digest: form.required('digest', digest) ?? '',
    sizeBytes: form.required('sizeBytes', bytes) ?? 0,
    ...member('keyId', form.optional('keyId', keyId)),
    ...member('owner', form.optional('owner', signatureKey)),
    ...member('keepKey', form.optional('keepKey', oneOf('sealed'))),
    limits: readLimits(form.form('limits')),
  };
  if (entry.keyId !== undefined && entry.owner !== undefined) form.problem('owner', 'excludes keyId.');
  const isKept = entry.keepKey !== undefined;
  if (isKept && entry.owner === undefined) form.problem('keepKey', 'is for a model with an owner.');
  form.end();
  return Object.freeze(entry);
}

function readLimits(form: JsonForm | undefined): ModelRunLimits {
  if (form === undefined) return Object.freeze({});
  const limits = Object.entries(limitRules).map(([limit, rule]) => [limit, form.optional(limit, rule)] as const);
  form.end();
  return Object.freeze(Object.fromEntries(limits.filter(([, value]) => value !== undefined)));
}

function member<K extends string, T>(key: K, value: T | undefined): Partial<Record<K, T>> {
  // The object has the one member that its type names, or none.
  return (value === undefined ? {} : { [key]: value }) as Partial<Record<K, T>>;
}

/** Notes two models with one name and version, and two entries for one digest. */
export function checkDistinct(form: JsonForm, models: readonly ModelEntry[]): void {
  const seen = new Set<string>();
  for (const model of models) {
    for (const each of [`${model.name} ${model.version}`, model.digest]) {
      if (seen.has(each)) form.problem('models', `has ${each} twice.`);
      seen.add(each);
    }
  }
}
