import '../../errors.ts';
import { createHash } from 'node:crypto';
import { isJsonObject, type JsonValue } from '@enclos/codec/json';
import { EnclosError, isEnclosError } from '@enclos/errors';
import { encryptWrappedJwe, openJwe, readCompactJwe, type Jwe } from '@enclos/jose/node';

/** What an encrypted model says of itself before it is opened. Nothing of it is proved. */
export interface EncryptedModel {
  /** Which key opens it: `kid`. */
  readonly keyId?: string;
  /** The model that the file was made for. Absent in files of KServe, which bind none. */
  readonly binding?: ModelBinding;
  /** Bytes of the model. */
  readonly sizeBytes: number;
  readonly jwe: Jwe;
}

export interface ModelBinding {
  readonly name: string;
  /** SHA-256 of the plain bytes, in hex. */
  readonly digest: string;
}

export interface ExpectedModel {
  readonly name: string;
  /** From the manifest or a catalogue. Without it only a file with a binding opens. */
  readonly digest?: string;
}

/** The name of the header parameter of the binding: what other readers pass over. */
const bindingParameter = 'enclos-model';
const newline = 0x0a;
/** The beginning of a JSON object in base64url: `{"`. */
const jweStart = [0x65, 0x79, 0x4a] as const;
const digestPattern = /^[0-9a-f]{64}$/;
const maximumTextLength = 1024;

/** Whether bytes begin as an encrypted model does: KServe looks at the same three characters. */
export function isEncryptedModel(bytes: Uint8Array): boolean {
  return jweStart.every((byte, at) => bytes[at] === byte);
}

/**
 * Encrypts a model under a key of 32 bytes: a compact JWE under A256KW and A256GCM, which KServe opens too. Name and digest stand in
 * its protected header. Content key and nonce are random each time.
 *
 * @returns the file: ASCII.
 * @throws MODEL_KEY_INVALID
 *
 * @example
 * ```ts
 * import { encryptModel } from '@enclos/inference-models/node';
 *
 * export function encrypted(model: Uint8Array, key: Uint8Array): Uint8Array {
 *   return encryptModel(model, key, { name: 'digits', keyId: 'kbs:///default/model/digits' });
 * }
 * ```
 */
export function encryptModel(
  model: Uint8Array,
  key: Uint8Array,
  { name, keyId }: { readonly name: string; readonly keyId?: string },
): Uint8Array {
  requireKey(key);
  const binding = { name, digest: modelDigestSync(model) };
  return encryptWrappedJwe(model, key, { ...(keyId === undefined ? {} : { kid: keyId }), [bindingParameter]: binding });
}

/**
 * Reads an encrypted model, and opens nothing: which key it wants, and for which model it was made.
 *
 * @param file a compact JWE, and at most one newline after it.
 * @throws MODEL_ENCRYPTION_INVALID, also for other algorithms and for a model of more than `maxBytes`.
 */
export function readEncryptedModel(file: Uint8Array, { maxBytes }: { readonly maxBytes: number }): EncryptedModel {
  const text = file.at(-1) === newline ? file.subarray(0, -1) : file;
  const jwe = orInvalid(() => readCompactJwe(text, { maxBytes }));
  if (jwe.algorithm !== 'A256KW') return invalid('The key of the encrypted model is not wrapped by A256KW.');
  const { kid, [bindingParameter]: bound } = jwe.header;
  if (kid !== undefined && !isText(kid)) return invalid('The key identifier is not a text.');
  const binding = bound === undefined ? undefined : readBinding(bound);
  const { sizeBytes } = jwe;
  return Object.freeze({
    jwe,
    sizeBytes,
    ...(kid === undefined ? {} : { keyId: kid }),
    ...(binding === undefined ? {} : { binding }),
  });
}

/**
 * Opens an encrypted model, whole and in memory. The result is the model that was expected: its name is the one in the file, and
 * its digest the one in the file and the expected one. A file without a binding opens only where the digest is expected.
 *
 * @throws MODEL_MISMATCH (`details.field`), MODEL_NOT_OPENED, MODEL_KEY_INVALID or MODEL_ENCRYPTION_INVALID.
 */
export function openEncryptedModel(model: EncryptedModel, key: Uint8Array, expected: ExpectedModel): Uint8Array {
  requireKey(key);
  const wanted = requireBinding(model, expected);
  const plain = orInvalid(() => openJwe(model.jwe, key));
  if (modelDigestSync(plain) === wanted) return plain;
  plain.fill(0);
  return mismatched('digest', 'the content has another');
}

/**
 * Refuses a file that was made for another model, before there is a key.
 *
 * @returns the digest that the content must have
 * @throws MODEL_MISMATCH (`details.field`)
 */
export function requireBinding({ binding }: Pick<EncryptedModel, 'binding'>, expected: ExpectedModel): string {
  if (binding !== undefined && binding.name !== expected.name) mismatched('name', 'the file has another');
  const wanted = expected.digest ?? binding?.digest ?? mismatched('digest', 'none is expected');
  return binding === undefined || binding.digest === wanted ? wanted : mismatched('digest', 'the file has another');
}

function readBinding(value: JsonValue): ModelBinding {
  const members = isJsonObject(value) ? value : {};
  const { name, digest } = members;
  const isBinding = isText(name) && typeof digest === 'string' && digestPattern.test(digest);
  return isBinding ? Object.freeze({ name, digest }) : invalid('The binding to a model is not a name and a digest.');
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= maximumTextLength;
}

/** SHA-256 in hex: `modelDigest` within the caller's turn. */
export function modelDigestSync(model: Uint8Array): string {
  return createHash('sha256').update(model).digest('hex');
}

export function requireKey(key: Uint8Array): void {
  if (key.length !== 32) throw new EnclosError('MODEL_KEY_INVALID', `The key has ${key.length} bytes, not 32.`);
}

function mismatched(field: 'digest' | 'name', why: string): never {
  throw new EnclosError('MODEL_MISMATCH', `The ${field} of the model is not the expected one: ${why}.`, {
    details: { field },
  });
}

function invalid(message: string, cause?: unknown): never {
  throw new EnclosError('MODEL_ENCRYPTION_INVALID', message, { cause });
}

function orInvalid<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!isEnclosError(error) || !error.code.startsWith('CODEC_')) throw error;
    if (error.details['rule'] === 'decryption') throw new EnclosError('MODEL_NOT_OPENED', undefined, { cause: error });
    return invalid(`The encrypted model cannot be opened: ${error.message}`, error);
  }
}
