import { equalBytes, fromBase64url, toHex } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import { parseJsonBytes, sameJson, type JsonObject, type JsonValue } from '@enclos/codec/json';
import { misused } from '../refusal/refusal.ts';
import type { Subtle } from '../crypto/web-crypto.ts';
import { notAccepted, type ExpectationRule } from './errors.ts';
import type { AttestationType, BoundData, TokenExpectations } from './expectations.ts';

/** Bytes of data that are worth attesting. */
export const maximumDataBytes = 262_144;

/** Where the claims of one kind of data are; the second is the field of the evidence that starts with its SHA-256. */
const places = Object.freeze({
  'runtime-data': {
    json: 'x-ms-runtime',
    field: { sgx: 'x-ms-sgx-report-data', sevsnpvm: 'x-ms-sevsnpvm-reportdata', tdxvm: 'tdx_report_data' },
  },
  'init-time-data': {
    json: 'x-ms-inittime',
    field: { sgx: 'x-ms-sgx-config-id', sevsnpvm: 'x-ms-sevsnpvm-hostdata', tdxvm: undefined },
  },
} as const satisfies Partial<
  Record<
    ExpectationRule,
    { readonly json: string; readonly field: Readonly<Record<AttestationType, string | undefined>> }
  >
>);

/**
 * Compares what the caller sent, or expects, with what the token says of it:
 * JSON by its values, binary data by the bytes where a claim repeats them, and
 * both by the hash that the evidence itself holds where the token shows it.
 *
 * @throws TOKEN_NOT_ACCEPTED, VERIFIER_MISUSED for data that is not what its type says.
 */
export async function checkBoundData(claims: JsonObject, expected: TokenExpectations, subtle: Subtle): Promise<void> {
  const { attestationType, runtimeData, initTimeData } = expected;
  if (runtimeData !== undefined) await checkData('runtime-data', runtimeData, { claims, attestationType, subtle });
  if (initTimeData !== undefined) await checkData('init-time-data', initTimeData, { claims, attestationType, subtle });
}

interface Context {
  readonly claims: JsonObject;
  readonly attestationType: AttestationType;
  readonly subtle: Subtle;
}

async function checkData(rule: keyof typeof places, expected: BoundData, context: Context): Promise<void> {
  const { claims, attestationType, subtle } = context;
  const place = places[rule];
  const differ = (): never =>
    notAccepted(rule, `The token is not about the ${rule.replaceAll('-', ' ')} that was expected.`);
  if (expected.type === 'json') {
    const said = claims[place.json];
    if (said === undefined || !sameJson(said, readJson(expected.data))) differ();
  }
  const isHeld = expected.type === 'binary' && attestationType === 'sgx' && rule === 'runtime-data';
  if (isHeld && !isBytes(claims['x-ms-sgx-ehd'], expected.data)) differ();
  const name = place.field[attestationType];
  const field = name === undefined ? undefined : claims[name];
  // Old tokens do not show the field; then the claim above is all there is, and it must have been there.
  if (field === undefined && (expected.type === 'json' || isHeld)) return;
  const digest = toHex(new Uint8Array(await subtle.digest('SHA-256', expected.data)));
  if (typeof field !== 'string' || !field.toLowerCase().startsWith(digest)) differ();
}

/** Azure's own clients send JSON that ends in a zero byte; it is hashed with it, and read without. */
function readJson(data: Uint8Array): JsonValue {
  let end = data.length;
  while (end > 0 && data[end - 1] === 0) end -= 1;
  try {
    return parseJsonBytes(data.subarray(0, end), maximumDataBytes);
  } catch (cause) {
    if (!isEnclosError(cause)) throw cause;
    return misused('Data of the type json is not strict JSON.', cause);
  }
}

function isBytes(claim: JsonValue | undefined, bytes: Uint8Array): boolean {
  if (typeof claim !== 'string') return false;
  try {
    return equalBytes(fromBase64url(claim, { maxBytes: maximumDataBytes }), bytes);
  } catch (error) {
    if (!isEnclosError(error)) throw error;
    return false;
  }
}
