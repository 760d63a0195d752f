import { isJsonObject, parseJson, type JsonObject, type JsonValue } from '@enclos/codec/json';
import { decodeUtf8 } from '@enclos/codec/text';
import { fromBase64url } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import { Refusal } from '../refusal.ts';

/** The body as one strict JSON value: no duplicate names, bounded depth and size. @throws SERVICE_REQUEST_INVALID */
function readJson(body: Uint8Array, { maxBytes, maxValues }: Omit<JsonShape, 'members'>): JsonValue {
  if (body.length > maxBytes) throw invalid(`The body has more than ${maxBytes} bytes.`);
  return asInvalid('The body is not JSON that is read here', () =>
    parseJson(decodeUtf8(body), maxBytes, { maxValues }),
  );
}

/** What the body of a request may hold. */
export interface JsonShape {
  readonly maxBytes: number;
  /** As `JsonBounds` of `@enclos/codec` counts them: a body with more is refused before it is made into values. */
  readonly maxValues: number;
  readonly members: readonly string[];
}

/**
 * As `readJson`, for an object with no other members than these. An unknown member is refused: a misspelled
 * `runtimeData` would get a token that binds no data. @throws SERVICE_REQUEST_INVALID
 */
export function readJsonObject(body: Uint8Array, { members, ...bounds }: JsonShape): JsonObject {
  return onlyMembers(readJson(body, bounds), 'The body', members);
}

/** @throws SERVICE_REQUEST_INVALID */
export function onlyMembers(value: JsonValue | undefined, what: string, members: readonly string[]): JsonObject {
  if (!isJsonObject(value)) throw invalid(`${what} must be a JSON object.`);
  const unknown = Object.keys(value).find((name) => !members.includes(name));
  if (unknown !== undefined) throw invalid(`${what} has a member that is not known here: ${inMessage(unknown)}.`);
  return value;
}

/** A JWS as text (text/plain), or as a JSON string: a JWS never begins with a quotation mark. */
export function readJwsText(body: Uint8Array, maxBytes: number): string {
  const [first] = body;
  const text =
    first === 0x22
      ? readJson(body, { maxBytes, maxValues: 0 })
      : asInvalid('The body is not text', () => decodeUtf8(body));
  if (typeof text !== 'string' || text.length > maxBytes) throw invalid('The body must be a JSON Web Signature.');
  return text;
}

/** A string member, or undefined when it is absent or null. @throws SERVICE_REQUEST_INVALID */
export function optionalText(object: JsonObject, name: string, maxLength: number): string | undefined {
  const value = object[name] ?? undefined;
  if (value === undefined) return undefined;
  if (typeof value !== 'string' || value.length > maxLength) {
    throw invalid(`${name} must be a string of at most ${maxLength} characters.`);
  }
  return value;
}

/** base64url, with its padding or without: clients send both. @throws SERVICE_REQUEST_INVALID */
export function base64urlBytes(text: string, name: string): Uint8Array {
  const padding = text.length % 4 !== 0 ? 0 : text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  const unpadded = text.slice(0, text.length - padding);
  return decodedByNode(unpadded) ?? asInvalid(`${name} is not base64url`, () => fromBase64url(unpadded));
}

/**
 * Node decodes evidence in a tenth of the time. It also takes what is not base64url, but every value has one text, which is the one that
 * Node encodes it to: of any other there is nothing here.
 */
function decodedByNode(text: string): Uint8Array | undefined {
  // Not by Buffer.from, which makes small ones in memory that they share.
  const bytes = new Uint8Array(Math.floor((text.length * 3) / 4));
  const buffer = Buffer.from(bytes.buffer);
  const isExact = buffer.write(text, 'base64url') === bytes.length && buffer.toString('base64url') === text;
  return isExact ? bytes : undefined;
}

function asInvalid<T>(what: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!isEnclosError(error)) throw error;
    throw invalid(`${what}: ${error.message}`, error);
  }
}

/** Names that a client chose are shown short, in printable characters. */
function inMessage(name: string): string {
  return JSON.stringify(name.slice(0, 64)).replaceAll(/[^\x20-\x7e]/g, '?');
}

/** The refusal of a request that cannot be read, or says something that is not taken. */
export function invalid(message: string, cause?: unknown): Refusal {
  return new Refusal('SERVICE_REQUEST_INVALID', message, { cause, explanation: { rule: 'request' } });
}
