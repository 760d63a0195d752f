import type { BasicTypeName } from '@enclos/edl-compiler';

/** How a basic type of C stands in memory on x86-64 with the System V ABI (LP64). Its alignment is its size. */
export interface BasicForm {
  readonly kind: 'signed' | 'unsigned' | 'float' | 'bool' | 'void' | 'long double';
  readonly bytes: number;
}

const signed = (bytes: number): BasicForm => ({ kind: 'signed', bytes });
const unsigned = (bytes: number): BasicForm => ({ kind: 'unsigned', bytes });

/** System V Application Binary Interface, AMD64 supplement, figure 3.1. `char` and `wchar_t` have a sign. */
export const basicForms: Readonly<Record<BasicTypeName, BasicForm>> = {
  // GNU C gives it a size, so that `[in, count=n] void*` of Open Enclave means n bytes.
  void: { kind: 'void', bytes: 1 },
  bool: { kind: 'bool', bytes: 1 },
  char: signed(1),
  'unsigned char': unsigned(1),
  short: signed(2),
  'unsigned short': unsigned(2),
  int: signed(4),
  'unsigned int': unsigned(4),
  long: signed(8),
  'unsigned long': unsigned(8),
  'long long': signed(8),
  'unsigned long long': unsigned(8),
  float: { kind: 'float', bytes: 4 },
  double: { kind: 'float', bytes: 8 },
  'long double': { kind: 'long double', bytes: 16 },
  wchar_t: signed(4),
  size_t: unsigned(8),
  int8_t: signed(1),
  int16_t: signed(2),
  int32_t: signed(4),
  int64_t: signed(8),
  uint8_t: unsigned(1),
  uint16_t: unsigned(2),
  uint32_t: unsigned(4),
  uint64_t: unsigned(8),
};
