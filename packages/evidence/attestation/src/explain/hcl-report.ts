import { isEnclosError } from '@enclos/errors';
import { isJsonObject, parseJsonBytes, type JsonValue } from '@enclos/codec/json';
import { FieldReader, missingField } from './field-reader.ts';
import { always, hexField, numberField, reserved, whenZero, type ExplainedField, type FieldSpec } from './field.ts';
import { explainSnpFields } from './snp-report.ts';

const hardwareBytes = 1184;
const hardwareTypes: Readonly<Record<string, string>> = { 2: 'SEV-SNP', 4: 'TDX' };
const tdxType = 4n;
const maximumRuntimeLength = 16_384;

const header: readonly FieldSpec[] = [
  hexField('signature', 4, (hex) => (hex === '48434c41' ? 'HCLA' : 'not an HCL report')),
  numberField('version', 4),
  numberField('report size', 4, always('The size of all that the hardware vouches for, with what is around it')),
  numberField('request type', 4),
  numberField('status', 4),
  reserved(12),
];

const runtimeHeader: readonly FieldSpec[] = [
  numberField('runtime data size', 4),
  numberField('runtime data version', 4),
  numberField('hardware', 4, (value) => hardwareTypes[String(value)] ?? 'not known'),
  numberField('hash type', 4, (value) => (value === 1n ? 'SHA-256' : 'not known')),
  numberField('runtime data length', 4),
];

/** TDREPORT_STRUCT, 1024 bytes (TDX module ABI). What lies in it is bound to one machine by a MAC. */
const tdReport: readonly FieldSpec[] = [
  hexField('REPORTTYPE', 4, (hex) => (hex.startsWith('81') ? 'TDX' : 'not a TDREPORT')),
  reserved(12),
  hexField('CPUSVN', 16),
  hexField('TEE_TCB_INFO_HASH', 48),
  hexField('TEE_INFO_HASH', 48),
  hexField('REPORTDATA', 64, always('Begins with the SHA-256 of the runtime data')),
  reserved(32),
  hexField('MAC', 32, always('Only the processor that made it can check it')),
  hexField('TEE_TCB_INFO', 239),
  reserved(17),
  hexField('ATTRIBUTES', 8),
  hexField('XFAM', 8),
  hexField('MRTD', 48, always('The measurement of the paravisor')),
  hexField('MRCONFIGID', 48, whenZero('none')),
  hexField('MROWNER', 48, whenZero('none')),
  hexField('MROWNERCONFIG', 48, whenZero('none')),
  hexField('RTMR0', 48, whenZero('never extended')),
  hexField('RTMR1', 48, whenZero('never extended')),
  hexField('RTMR2', 48, whenZero('never extended')),
  hexField('RTMR3', 48, whenZero('never extended')),
  hexField('SERVTD_HASH', 48, whenZero('none')),
  reserved(64),
  reserved(hardwareBytes - 1024),
];

/**
 * What the bytes of an HCL report say, field by field, with the hardware's
 * report and the runtime data in it. For people: nothing is verified, and
 * nothing refused; see `explainQuote`.
 */
export function explainHclReport(bytes: Uint8Array): readonly ExplainedField[] {
  const reader = new FieldReader(bytes);
  return Object.freeze([reader.group('HCL report', () => readReport(reader))]);
}

function readReport(reader: FieldReader): readonly ExplainedField[] {
  const parts = [...reader.fields(header)];
  const hardware = reader.peekNumber(hardwareBytes + 8, 4);
  parts.push(
    hardware === tdxType ? reader.group('TDREPORT', () => reader.fields(tdReport)) : explainSnpFields(reader),
    ...reader.fields(runtimeHeader.slice(0, -1)),
  );
  const length = reader.peekNumber(0, 4);
  parts.push(...reader.fields(runtimeHeader.slice(-1)));
  if (reader.ended || length === undefined) return parts;
  const place = { offset: reader.offset, sizeBytes: Math.min(Number(length), reader.remaining) };
  if (place.sizeBytes < Number(length)) {
    return [...parts, missingField('Runtime data', place, `${length} bytes wanted, ${place.sizeBytes} are left`)];
  }
  const content = reader.bytes(place.sizeBytes) ?? new Uint8Array();
  return [...parts, explainRuntimeData(content, place)];
}

type Place = Pick<ExplainedField, 'offset' | 'sizeBytes'>;

function explainRuntimeData(bytes: Uint8Array, place: Place): ExplainedField {
  const name = 'Runtime data';
  const text = bytes.subarray(0, bytes.findLastIndex((byte) => byte !== 0) + 1);
  try {
    const value = parseJsonBytes(text, maximumRuntimeLength);
    const fields = isJsonObject(value) ? Object.entries(value).flatMap((member) => memberFields(member, place)) : [];
    return Object.freeze({ name, ...place, value: '', fields: Object.freeze(fields) });
  } catch (error) {
    if (!isEnclosError(error)) throw error;
    return missingField(name, place, error.message);
  }
}

/** Keys by their name, the configuration by member; anything else unchanged. */
function memberFields([name, value]: readonly [string, JsonValue], place: Place): readonly ExplainedField[] {
  const keys: readonly JsonValue[] = name === 'keys' && Array.isArray(value) ? value : [];
  if (keys.length > 0) return keys.map((key) => keyField(key, place));
  const inner = name === 'vm-configuration' && isJsonObject(value) ? Object.entries(value) : [[name, value] as const];
  return inner.map(([member, content]) => textField(member, content, place));
}

function keyField(key: JsonValue, place: Place): ExplainedField {
  const { kid, n = key, kty } = isJsonObject(key) ? key : {};
  const [name, type] = [kid, kty].map((value) => (typeof value === 'string' ? value : undefined));
  const meaning = name === 'HCLAkPub' ? 'The attestation key: it signs the quotes of the vTPM' : 'A key of the vTPM';
  return Object.freeze({ ...textField(name ?? 'a key', n, place), meaning: `${meaning}. ${type ?? ''} modulus` });
}

function textField(name: string, value: JsonValue, place: Place): ExplainedField {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return Object.freeze({ name, offset: place.offset, sizeBytes: 0, value: text });
}
