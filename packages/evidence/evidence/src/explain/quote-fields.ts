import { toHex } from '@enclos/codec';
import { flagsField, hexField, isZero, node, numberField, readNumber, reserved, type Field } from './nodes.ts';

const intelQeVendor = '939a7233f79c4ca9940a0db3957f0607';
/** MRSIGNERs of Intel's architectural enclaves, from the identities that Intel signs. */
const knownSigners: Readonly<Record<string, string>> = {
  '8c4f5775d796503e96137f77c68a829a0056ac8ded70140b081b094490c57bff': "Intel's signer of the SGX quoting enclave",
  dc9e2a7c6f948f17474e34a7fc43ed030f7c1563f1babddf6340c82e0e54a8c5: "Intel's signer of the TD quoting enclave",
};

const keyTypes: Readonly<Record<number, string>> = {
  2: 'ECDSA with P-256',
  3: 'ECDSA with P-384, which no verifier of Intel accepts',
};
const teeTypes: Readonly<Record<number, string>> = { 0: 'SGX', 0x81: 'TDX' };

/** The 48 bytes before the body (reference: `QuoteStructures.h` of Intel's QVL). */
export const quoteHeader: readonly Field[] = [
  numberField('version', 2),
  numberField('attestation key', 2, (value) => keyTypes[value] ?? 'not a kind that there is'),
  {
    label: 'TEE',
    sizeBytes: 4,
    show: (bytes) => ({ value: `0x${readNumber(bytes).toString(16)}`, note: teeTypes[readNumber(bytes)] ?? 'unknown' }),
  },
  numberField('QE SVN', 2, () => 'informative: what counts is in the report of the quoting enclave'),
  numberField('PCE SVN', 2, () => 'informative: what counts is in the PCK certificate'),
  {
    label: 'QE vendor',
    sizeBytes: 16,
    show: (bytes) => ({
      value: toHex(bytes),
      note: toHex(bytes) === intelQeVendor ? 'the id of Intel, which software platforms use too' : 'unknown',
    }),
  },
  hexField('user data', 20, 'the first 16 bytes are the id of the quoting enclave'),
];

const sgxFlags = { INIT: 0, DEBUG: 1, MODE64BIT: 2, PROVISIONKEY: 4, EINITTOKENKEY: 5, KSS: 7, AEXNOTIFY: 10 };
const xfrmBits = {
  x87: 0,
  SSE: 1,
  AVX: 2,
  BNDREGS: 3,
  BNDCSR: 4,
  'AVX-512': 5,
  ZMM_Hi256: 6,
  Hi16_ZMM: 7,
  PKRU: 9,
  CET_U: 11,
  CET_S: 12,
  UINTR: 14,
  LBR: 15,
  'AMX TILECFG': 17,
  'AMX TILEDATA': 18,
};

const mrSigner: Field = {
  label: 'MRSIGNER',
  sizeBytes: 32,
  show: (bytes) => ({
    value: toHex(bytes),
    note: knownSigners[toHex(bytes)] ?? 'the hash of the key that signed the enclave',
  }),
};

/** REPORT body of SGX (SDM volume 3D). 384 bytes. */
export const sgxReport: readonly Field[] = [
  hexField('CPUSVN', 16, 'the security version of the processor; raw, the PCK certificate has its parts'),
  hexField('MISCSELECT', 4),
  reserved(12),
  hexField('ISVEXTPRODID', 16),
  flagsField('attributes', 8, sgxFlags, (value) =>
    (value & 2n) === 0n ? 'not a debug enclave' : 'DEBUG: the host can read its memory, it keeps no secrets',
  ),
  flagsField('XFRM', 8, xfrmBits, () => 'the states of the processor that the enclave may use'),
  hexField('MRENCLAVE', 32, 'the measurement: which code it is'),
  reserved(32),
  mrSigner,
  reserved(32),
  hexField('CONFIGID', 64),
  numberField('ISVPRODID', 2, () => 'which product of the signer'),
  numberField('ISVSVN', 2, () => 'its security version'),
  numberField('CONFIGSVN', 2),
  reserved(42),
  hexField('ISVFAMILYID', 16),
  hexField('report data', 64, 'what the enclave says: usually the hash of a key and a nonce'),
];

const tdAttributes = {
  DEBUG: 0,
  SEPT_VE_DISABLE: 28,
  MIGRATABLE: 29,
  PKS: 30,
  KL: 31,
  PERFMON: 63,
};

function tdAttributesNote(value: bigint): string {
  if ((value & 1n) !== 0n) return 'DEBUG: the host can read its memory, it keeps no secrets';
  return (value & (1n << 28n)) === 0n
    ? 'SEPT_VE_DISABLE is off: the host can cause exceptions in it by taking pages away'
    : 'not a debug TD';
}

const tdxComponents = [
  'SVN of the TDX module',
  'version of the TDX module',
  'SVN of the SEAM loader or late microcode',
];

function teeTcbSvn(label: string, note: string): Field {
  return {
    label,
    sizeBytes: 16,
    show: (bytes) => ({
      value: toHex(bytes),
      note,
      children: tdxComponents.map((name, index) => node(`[${index}] ${name}`, bytes[index] ?? 0)),
    }),
  };
}

/** TDREPORT body of TD 1.0. 584 bytes. */
const tdReport10: readonly Field[] = [
  teeTcbSvn('TEE_TCB_SVN', 'the TDX module and its loader when the TD was launched'),
  hexField('MRSEAM', 48, 'the measurement of the TDX module'),
  {
    label: 'MRSIGNERSEAM',
    sizeBytes: 48,
    show: (bytes) => ({ value: toHex(bytes), note: isZero(bytes) ? 'zero: the TDX module is of Intel' : 'not Intel' }),
  },
  hexField('SEAMATTRIBUTES', 8, 'zero in every module that is in use'),
  flagsField('TDATTRIBUTES', 8, tdAttributes, tdAttributesNote),
  flagsField('XFAM', 8, xfrmBits, () => 'the states of the processor that the TD may use'),
  hexField('MRTD', 48, 'the measurement of what the TD began with, often the firmware alone'),
  hexField('MRCONFIGID', 48),
  hexField('MROWNER', 48),
  hexField('MROWNERCONFIG', 48),
  hexField('RTMR0', 48, 'by convention: the configuration of the firmware'),
  hexField('RTMR1', 48, 'by convention: the boot loader and the kernel'),
  hexField('RTMR2', 48, 'by convention: the command line and the file system'),
  hexField('RTMR3', 48, 'by convention: what the application measured'),
  hexField('report data', 64, 'what the TD says: usually the hash of a key and a nonce'),
];

const tdReport15Rest: readonly Field[] = [
  teeTcbSvn('TEE_TCB_SVN2', 'the TDX module and its loader now, after updates below the running TD'),
  {
    label: 'MRSERVICETD',
    sizeBytes: 48,
    show: (bytes) => ({
      value: toHex(bytes),
      note: isZero(bytes) ? 'no service TD is bound' : 'a service TD is bound, for migration for example',
    }),
  },
];

const partitionRest: readonly Field[] = [
  hexField('VM id', 1),
  hexField('TD id', 32),
  hexField('device info', 48),
  hexField('initial service TD hash', 48),
  hexField('initial service TD attributes', 8),
  hexField('initial CPUSVN', 16),
  hexField('initial TEE_TCB_SVN', 16),
  hexField('initial FMSPC', 12),
  hexField('current service TD hash', 48),
  hexField('current service TD attributes', 8),
];

/** The bodies of a quote by the type that version 5 gives them. */
export const quoteBodies: Readonly<Record<number, { readonly title: string; readonly fields: readonly Field[] }>> = {
  1: { title: 'enclave', fields: sgxReport },
  2: { title: 'trust domain, TD 1.0', fields: tdReport10 },
  3: { title: 'trust domain, TD 1.5', fields: [...tdReport10, ...tdReport15Rest] },
  4: { title: 'trust domain, TD 1.5 with partitioning', fields: [...tdReport10, ...tdReport15Rest, ...partitionRest] },
};
