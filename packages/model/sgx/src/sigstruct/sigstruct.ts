import { concatBytes, equalBytes, fromHex } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import { attributes, type Attributes } from '../attributes.ts';
import { at, bytes, structure, u16, u32, type Field } from '../structure.ts';
import { calendarDate, isCalendarDate } from './date.ts';

/** The fields that a signer decides. The rest of a SIGSTRUCT follows from these and the key. */
export interface SigstructFields {
  /** 0, or 0x80000000 for a debug signature. */
  readonly type: number;
  /** 0, or 0x8086 for Intel's own enclaves. */
  readonly vendor: number;
  /** `yyyymmdd`. */
  readonly date: string;
  readonly swDefined: number;
  readonly miscSelect: number;
  readonly miscMask: number;
  /** 16 bytes. */
  readonly isvFamilyId: Uint8Array;
  readonly attributes: Attributes;
  readonly attributeMask: Attributes;
  /** 32 bytes: the MRENCLAVE that is signed. */
  readonly enclaveHash: Uint8Array;
  /** 16 bytes. */
  readonly isvExtProdId: Uint8Array;
  readonly isvProdId: number;
  readonly isvSvn: number;
}

/** SIGSTRUCT (SDM vol. 3D, Enclave Signature Structure). 1808 bytes. */
export interface Sigstruct extends SigstructFields {
  /** 384 bytes, little-endian. */
  readonly modulus: Uint8Array;
  readonly exponent: 3;
  /** 384 bytes, little-endian. */
  readonly signature: Uint8Array;
  /** 384 bytes, little-endian: floor(s^2 / n). */
  readonly q1: Uint8Array;
  /** 384 bytes, little-endian: floor(s * (s^2 mod n) / n). */
  readonly q2: Uint8Array;
}

interface SigstructLayout extends Sigstruct {
  readonly header: Uint8Array;
  readonly header2: Uint8Array;
}

const header = fromHex('06000000e100000000000100');
const header2 = fromHex('01010000600000006000000001000000');

/** Checks the rules of EINIT, and of the SDM's table of SIGSTRUCT fields, for single fields. */
function problem(value: SigstructLayout): string | undefined {
  if (!equalBytes(value.header, header) || !equalBytes(value.header2, header2)) return 'wrong header.';
  if (value.type !== 0 && value.type !== 0x8000_0000) return 'TYPE has reserved bits set.';
  if (value.vendor !== 0 && value.vendor !== 0x8086) return 'VENDOR is neither 0 nor Intel.';
  if (!isCalendarDate(value.date)) return 'DATE is not a calendar date in BCD, yyyymmdd.';
  return value.exponent === 3 ? undefined : 'EXPONENT is not 3.';
}

function check(value: SigstructLayout): void {
  const found = problem(value);
  if (found !== undefined) throw new EnclosError('SIGSTRUCT_INVALID', `SIGSTRUCT: ${found}`);
}

const exponent: Field<3> = {
  sizeBytes: 4,
  // Any other number is refused by check() before a caller can see it.
  read: (reader) => reader.u32() as 3,
  write: (writer, value) => writer.u32(value),
};

const layout = structure<SigstructLayout>({
  name: 'SIGSTRUCT',
  sizeBytes: 1808,
  fields: {
    header: at(0, bytes(12)),
    type: at(12, u32),
    vendor: at(16, u32),
    date: at(20, calendarDate),
    header2: at(24, bytes(16)),
    swDefined: at(40, u32),
    modulus: at(128, bytes(384)),
    exponent: at(512, exponent),
    signature: at(516, bytes(384)),
    miscSelect: at(900, u32),
    miscMask: at(904, u32),
    isvFamilyId: at(912, bytes(16)),
    attributes: at(928, attributes),
    attributeMask: at(944, attributes),
    enclaveHash: at(960, bytes(32)),
    isvExtProdId: at(1008, bytes(16)),
    isvProdId: at(1024, u16),
    isvSvn: at(1026, u16),
    q1: at(1040, bytes(384)),
    q2: at(1424, bytes(384)),
  },
  check,
  invalid: 'SIGSTRUCT_INVALID',
  reservedNotZero: 'SIGSTRUCT_INVALID',
});

/**
 * Parses 1808 bytes without checking the signature: see `verifySigstruct`.
 *
 * @throws SIGSTRUCT_INVALID for another length, a wrong header, type, vendor,
 * date or exponent, or a non-zero reserved byte.
 */
export function parseSigstruct(input: Uint8Array): Sigstruct {
  const { header: _header, header2: _header2, ...sigstruct } = layout.parse(input);
  return Object.freeze(sigstruct);
}

/** @throws SIGSTRUCT_INVALID naming the field that does not fit. */
export function encodeSigstruct(sigstruct: Sigstruct): Uint8Array {
  return layout.encode({ ...sigstruct, header, header2 });
}

/**
 * The 256 bytes that the signature covers: [0, 128) and [900, 1028).
 *
 * @throws SIGSTRUCT_INVALID when `input` is not a SIGSTRUCT.
 */
export function sigstructSignedBytes(input: Uint8Array): Uint8Array {
  layout.parse(input);
  return concatBytes(input.subarray(0, 128), input.subarray(900, 1028));
}
