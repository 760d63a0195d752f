import { Attribute, TdAttribute } from '@enclos/sgx';
import { always, bitNames, hexField, numberField, reserved, whenZero, type FieldSpec } from './field.ts';

/** XCR0 and IA32_XSS bits (SDM vol. 1, chapter 13.1): the processor state that is saved, so that may be used. */
const stateBits = Object.freeze({
  x87: 0x1n,
  SSE: 0x2n,
  AVX: 0x4n,
  MPX: 0x18n,
  'AVX-512': 0xe0n,
  PT: 0x100n,
  PKRU: 0x200n,
  CET: 0x1800n,
  HDC: 0x2000n,
  UINTR: 0x4000n,
  LBR: 0x8000n,
  HWP: 0x1_0000n,
  AMX: 0x6_0000n,
});

const flagNames = bitNames(Attribute);
const tdAttributeNames = bitNames(TdAttribute);

function withDebug(names: (value: bigint) => string): (value: bigint) => string {
  // DEBUG is bit 1 for an enclave and bit 0 for a trust domain: its name says it for both.
  return (value) => {
    const text = names(value);
    return /\bDEBUG\b/.test(text) ? `${text}: a debugger can read its memory` : text;
  };
}

/** REPORT body of SGX, 384 bytes (SDM vol. 3D, REPORT structure). */
export const sgxReportFields: readonly FieldSpec[] = Object.freeze([
  hexField('CPUSVN', 16, always('The security version of the processor, opaque')),
  numberField('MISCSELECT', 4),
  reserved(12),
  hexField('ISVEXTPRODID', 16, whenZero('none')),
  numberField('ATTRIBUTES.FLAGS', 8, withDebug(flagNames)),
  numberField('ATTRIBUTES.XFRM', 8, bitNames(stateBits)),
  hexField('MRENCLAVE', 32, always('The measurement of the enclave')),
  reserved(32),
  hexField('MRSIGNER', 32, always('The hash of the signer’s public key')),
  reserved(32),
  hexField('CONFIGID', 64, whenZero('none')),
  numberField('ISVPRODID', 2, always('The signer’s number of the product')),
  numberField('ISVSVN', 2, always('The security version of the product')),
  numberField('CONFIGSVN', 2),
  reserved(42),
  hexField('ISVFAMILYID', 16, whenZero('none')),
  hexField('REPORTDATA', 64, whenZero('nothing is bound to it')),
]);

/** TDReport10, 584 bytes (QVL, QuoteStructures.h). */
const tdReport10: readonly FieldSpec[] = [
  hexField('TEE_TCB_SVN', 16, always('Security versions at launch: TDX module, its major version, SEAM loader, …')),
  hexField('MRSEAM', 48, always('The measurement of the TDX module')),
  hexField('MRSIGNERSEAM', 48, whenZero('Intel')),
  hexField('SEAMATTRIBUTES', 8, whenZero('none set')),
  numberField('TDATTRIBUTES', 8, withDebug(tdAttributeNames)),
  numberField('XFAM', 8, bitNames(stateBits)),
  hexField('MRTD', 48, always('The measurement of the trust domain as it was launched')),
  hexField('MRCONFIGID', 48, whenZero('none')),
  hexField('MROWNER', 48, whenZero('none')),
  hexField('MROWNERCONFIG', 48, whenZero('none')),
  hexField('RTMR0', 48, whenZero('never extended')),
  hexField('RTMR1', 48, whenZero('never extended')),
  hexField('RTMR2', 48, whenZero('never extended')),
  hexField('RTMR3', 48, whenZero('never extended')),
  hexField('REPORTDATA', 64, whenZero('nothing is bound to it')),
];

const tdReport15: readonly FieldSpec[] = [
  ...tdReport10,
  hexField('TEE_TCB_SVN_2', 16, always('Security versions now, after updates without a relaunch')),
  hexField('MRSERVICETD', 48, whenZero('no service trust domain is bound')),
];

const tdReport15Ex: readonly FieldSpec[] = [
  ...tdReport15,
  hexField('VMID', 1),
  hexField('TDID', 32),
  hexField('DEVINFO', 48, whenZero('none')),
  hexField('INITSERVTDHASH', 48, whenZero('none')),
  hexField('INITSERVTDATTRIBUTES', 8),
  hexField('INITCPUSVN', 16),
  hexField('INITTEETCBSVN', 16),
  hexField('INITTEEFMSPC', 12),
  hexField('CURSERVTDHASH', 48, whenZero('none')),
  hexField('CURSERVTDATTRIBUTES', 8),
];

/** A body of a quote: its name for people and its fields. By body type of version 5, from 1. */
export const quoteBodies: readonly { readonly name: string; readonly fields: readonly FieldSpec[] }[] = Object.freeze([
  { name: 'SGX enclave report', fields: sgxReportFields },
  { name: 'TD report 1.0', fields: Object.freeze(tdReport10) },
  { name: 'TD report 1.5', fields: Object.freeze(tdReport15) },
  { name: 'TD report 1.5 with partitioning', fields: Object.freeze(tdReport15Ex) },
]);
