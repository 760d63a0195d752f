import {
  cborArray,
  cborBytes,
  CborReader,
  cborText,
  CborType,
  cborUnsigned,
  DerReader,
  derOctetString,
  DerTag,
  fromBase64url,
  utf8,
} from '@enclos/codec';
import { isJsonArray, parseJson } from '@enclos/codec/json';
import { EnclosError } from '@enclos/errors';

/** The media type of DICE tagged evidence in our records. No registered type means it. */
const taggedEvidenceType = 'application/vnd.enclos.tagged-evidence+cbor';
/** Bit 2 of the indicator, RFC 9999: evidence. */
const evidenceIndicator = 0b100;
const maximumBytes = Object.freeze({ type: 255, value: 135_168 });

/** The value of id-pe-cmw (RFC 9999, X.509 extension): a record in CBOR, as an OCTET STRING. */
export function encodeCmwExtension(taggedEvidence: Uint8Array): Uint8Array {
  return derOctetString(
    cborArray(cborText(taggedEvidenceType), cborBytes(taggedEvidence), cborUnsigned(evidenceIndicator)),
  );
}

/**
 * The tagged evidence in an id-pe-cmw extension, of the CBOR or the JSON form.
 * @returns undefined for a well-formed record of another type, or one that states that it is not evidence.
 * @throws a CODEC error.
 */
export function decodeCmwExtension(value: Uint8Array): Uint8Array | undefined {
  const outer = new DerReader(value);
  const isJson = outer.peek() === DerTag.UTF8_STRING;
  const record = isJson ? decodeJson(outer.text(2 * maximumBytes.value)) : decodeCbor(outer.octetString());
  outer.end();
  const isEvidence = record.indicator === undefined || (record.indicator & evidenceIndicator) !== 0;
  return isEvidence && record.type === taggedEvidenceType ? record.value : undefined;
}

interface CmwRecord {
  /** Undefined for a CoAP content format. */
  readonly type: string | undefined;
  readonly value: Uint8Array;
  readonly indicator: number | undefined;
}

function decodeCbor(bytes: Uint8Array): CmwRecord {
  const reader = new CborReader(bytes);
  const count = reader.array(3);
  if (count < 2) throw invalid();
  const isText = reader.peek() === CborType.TEXT;
  const type = isText ? reader.text(maximumBytes.type) : undefined;
  if (!isText) reader.unsigned(0xffff);
  const value = reader.byteString(maximumBytes.value).slice();
  const indicator = count === 3 ? reader.unsigned(0xffff_ffff) : undefined;
  reader.end();
  return { type, value, indicator };
}

function decodeJson(text: string): CmwRecord {
  // Type, value and indicator.
  const parts = parseJson(text, text.length, { maxDepth: 1, maxValues: 3 });
  if (!isJsonArray(parts)) throw invalid();
  const [type, value, indicator] = parts;
  const isRecord =
    (parts.length === 2 || parts.length === 3) &&
    typeof type === 'string' &&
    utf8(type).length <= maximumBytes.type &&
    typeof value === 'string' &&
    (indicator === undefined || (Number.isSafeInteger(indicator) && Number(indicator) >= 0));
  if (!isRecord) throw invalid();
  return {
    type,
    value: fromBase64url(value, { maxBytes: maximumBytes.value }),
    indicator: parts.length === 3 ? Number(indicator) : undefined,
  };
}

function invalid(): EnclosError {
  return new EnclosError('CODEC_INVALID', 'Not a record of a conceptual message wrapper.');
}
