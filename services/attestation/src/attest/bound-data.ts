import { isJsonObject, parseJson, type JsonObject, type JsonValue } from '@enclos/codec/json';
import { decodeUtf8 } from '@enclos/codec/text';
import { withoutTrailingNuls } from '@enclos/codec/text';
import { EnclosError } from '@enclos/errors';
import type { BoundData } from './attest-request.ts';
import type { CheckedData } from './claims/checked-data.ts';
import { ofCaller, refuseEvidence } from './refuse.ts';
import { sha256 } from './sha256.ts';

/** Which data, and which field of the evidence must hold its hash. */
export interface BoundField {
  readonly name: 'runtimeData' | 'initTimeData';
  readonly field: string;
  /** Hex of the field, 32 bytes at least. What follows the first 32 bytes is not compared: the token shows the field whole. */
  readonly value: string;
}

const mostBytes = 131_072;
const hashDigits = 64;

/**
 * Checks that the SHA-256 of data is in the first 32 bytes of a field, and reads JSON: an object, strictly, without the
 * zero bytes that programs in C send and hash after it.
 *
 * @throws ATTESTATION_EVIDENCE_REFUSED
 */
export function checkBoundData(given: BoundData | undefined, { name, field, value }: BoundField): CheckedData {
  if (given === undefined) return {};
  const { data, type } = given;
  const rule = `${name}-format`;
  if (data.length > mostBytes) refuseEvidence(`${name} is over ${mostBytes} bytes.`, { rule });
  if (value.slice(0, hashDigits) !== sha256(data)) {
    refuseEvidence(`The SHA-256 of ${name} is not in ${field} of the evidence.`, { rule: `${name}-hash` });
  }
  return type === 'Binary' ? { base64url: base64urlOf(data) } : { json: ofCaller(() => readClaims(data, name), rule) };
}

/** By Node's encoder, of a view: to copy the bytes for it takes longer than to encode them. */
function base64urlOf({ buffer, byteOffset, length }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, length).toString('base64url');
}

function readClaims(data: Uint8Array, name: string): JsonObject {
  const value = parseJson(withoutTrailingNuls(decodeUtf8(data)), mostBytes);
  if (!isJsonObject(value)) throw new EnclosError('CODEC_INVALID', `${name} is not a JSON object.`);
  requireExactNumbers(value, name);
  return value;
}

/** A number that a double cannot hold would become another one in the token, which the evidence does not attest. */
function requireExactNumbers(value: JsonValue, name: string): void {
  if (typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value)) {
    throw new EnclosError(
      'CODEC_OUT_OF_RANGE',
      `${name} has an integer beyond 2^53, which a token cannot say exactly.`,
    );
  }
  if (typeof value !== 'object' || value === null) return;
  for (const member of Object.values(value) as readonly JsonValue[]) requireExactNumbers(member, name);
}
