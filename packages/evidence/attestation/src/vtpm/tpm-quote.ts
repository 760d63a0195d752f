import { ByteReader, concatBytes, toHex } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';

/** A TPM quote as it travels beside an HCL report. */
export interface TpmQuote {
  /** TPMS_ATTEST, as the TPM signed it. */
  readonly message: Uint8Array;
  /** RSASSA with SHA-256, 256 bytes, without a TPMT_SIGNATURE around it. */
  readonly signature: Uint8Array;
  /** The values of the PCRs of the SHA-256 bank, by number; those that the quote does not select are not used. */
  readonly pcrs: readonly Uint8Array[];
}

/** What a TPM says about itself in a quote. */
export interface TpmQuoteFacts {
  /** Hex of what the caller of TPM2_Quote gave: the nonce. */
  readonly qualifyingData: string;
  /** How often the TPM was reset, and restarted since, by its own count. */
  readonly resetCount: number;
  readonly restartCount: number;
  /** The clock never went back. */
  readonly clockSafe: boolean;
  readonly clockMs: number;
  /** 8 bytes of hex. */
  readonly firmwareVersion: string;
}

/** A parsed TPMS_ATTEST of a quote. */
export interface TpmAttestation {
  readonly facts: TpmQuoteFacts;
  /** The numbers of the PCRs that the digest covers, ascending. */
  readonly selectedPcrs: readonly number[];
  /** 32 bytes. */
  readonly pcrDigest: Uint8Array;
}

const generatedMagic = 0xff54_4347;
const attestQuote = 0x8018;
const sha256Algorithm = 0x000b;
export const digestSizeBytes = 32;
export const pcrCount = 24;
/** An attestation with the longest names and data has under 300 bytes. */
const maximumSizeBytes = 1024;
/** TPM2B_NAME and TPM2B_DATA hold a hash algorithm and its digest, at most SHA-512. */
const maximumNameBytes = 66;

/**
 * Parses the TPMS_ATTEST of a quote over PCRs of the SHA-256 bank (TPM 2.0
 * Library, part 2, section 10.12). Integers are big-endian.
 *
 * @throws a CODEC error.
 */
export function parseTpmAttestation(input: Uint8Array): TpmAttestation {
  if (input.length > maximumSizeBytes) {
    throw new EnclosError('CODEC_OUT_OF_RANGE', `A TPM attestation over ${maximumSizeBytes} bytes.`);
  }
  const reader = new ByteReader(input);
  // A TPM puts the magic before whatever it made itself, and refuses to sign foreign data that start with it.
  if (u32(reader) !== generatedMagic) throw invalid('was not made by a TPM');
  if (u16(reader) !== attestQuote) throw invalid('is not a quote');
  sized(reader, maximumNameBytes);
  const qualifyingData = toHex(sized(reader, maximumNameBytes));
  const clockMs = u64(reader);
  if (clockMs > BigInt(Number.MAX_SAFE_INTEGER)) throw invalid('has a clock that is out of range');
  const resetCount = u32(reader);
  const restartCount = u32(reader);
  const clockSafe = boolean(reader);
  const firmwareVersion = toHex(reader.bytes(8));
  const selectedPcrs = readSelection(reader);
  const pcrDigest = sized(reader, digestSizeBytes);
  if (pcrDigest.length !== digestSizeBytes) throw invalid('has a digest that is not SHA-256');
  reader.end();
  const facts = { qualifyingData, resetCount, restartCount, clockSafe, clockMs: Number(clockMs), firmwareVersion };
  return { facts, selectedPcrs, pcrDigest };
}

/** What the digest of a quote is over: the selected values, ascending; undefined when one is missing or malformed. */
export function selectedPcrBytes(selected: readonly number[], pcrs: readonly Uint8Array[]): Uint8Array | undefined {
  const values = selected.map((number) => pcrs[number]);
  const isDigest = (value: unknown): value is Uint8Array =>
    value instanceof Uint8Array && value.length === digestSizeBytes;
  return values.every(isDigest) ? concatBytes(...values) : undefined;
}

/** TPML_PCR_SELECTION with one bank. */
function readSelection(reader: ByteReader): readonly number[] {
  if (u32(reader) !== 1) throw invalid('is not over exactly one bank of PCRs');
  if (u16(reader) !== sha256Algorithm) throw invalid('is not over the SHA-256 bank');
  if (reader.u8() !== pcrCount / 8) throw invalid('does not select from 24 PCRs');
  const bitmap = reader.bytes(pcrCount / 8);
  const numbers = Array.from({ length: pcrCount }, (_, number) => number);
  const selected = numbers.filter((number) => (((bitmap[number >> 3] ?? 0) >> (number & 7)) & 1) === 1);
  if (selected.length === 0) throw invalid('selects no PCR');
  return Object.freeze(selected);
}

/** A TPM2B: a length and as many bytes. */
function sized(reader: ByteReader, maximum: number): Uint8Array {
  const length = u16(reader);
  if (length > maximum) throw new EnclosError('CODEC_OUT_OF_RANGE', 'A part of a TPM attestation that is too long.');
  return reader.bytes(length);
}

function boolean(reader: ByteReader): boolean {
  const value = reader.u8();
  if (value > 1) throw invalid('has a boolean that is neither 0 nor 1');
  return value === 1;
}

function u16(reader: ByteReader): number {
  return (reader.u8() << 8) | reader.u8();
}

function u32(reader: ByteReader): number {
  return u16(reader) * 0x1_0000 + u16(reader);
}

function u64(reader: ByteReader): bigint {
  return (BigInt(u32(reader)) << 32n) | BigInt(u32(reader));
}

function invalid(what: string): EnclosError {
  return new EnclosError('CODEC_INVALID', `The TPM attestation ${what}.`);
}
