import type { ExplainedField } from '@enclos/attestation/explain';
import { byteAt, flags, isZero, type FieldWords, type WordTable } from './fields.ts';
import { node } from './nodes.ts';

/** MRSIGNERs of Intel's architectural enclaves, from the identities that Intel signs. */
const knownSigners: Readonly<Record<string, string>> = {
  '8c4f5775d796503e96137f77c68a829a0056ac8ded70140b081b094490c57bff': "Intel's signer of the SGX quoting enclave",
  dc9e2a7c6f948f17474e34a7fc43ed030f7c1563f1babddf6340c82e0e54a8c5: "Intel's signer of the TD quoting enclave",
};

const certificationTypes: Readonly<Record<string, string>> = {
  1: 'PPID in plain: the PCK certificate has to be looked up',
  2: 'PPID, encrypted with RSA-2048: the PCK certificate has to be looked up',
  3: 'PPID, encrypted with RSA-3072: the PCK certificate has to be looked up',
  4: 'PCK certificate alone',
  5: 'PCK certificate chain',
  6: 'report of the quoting enclave, with its own certification data',
};

const keyTypes: Readonly<Record<string, string>> = {
  2: 'ECDSA with P-256',
  3: 'ECDSA with P-384, which no verifier of Intel accepts',
};

const debugged = 'DEBUG: the host can read its memory, it keeps no secrets';
const enclaveDebugBit = 1n << 1n;
const domainDebugBit = 1n;
const septVeDisableBit = 1n << 28n;

function hasBit({ value }: ExplainedField, bit: bigint): boolean {
  return (BigInt(value) & bit) !== 0n;
}

function domainNote(field: ExplainedField): string {
  if (hasBit(field, domainDebugBit)) return debugged;
  return hasBit(field, septVeDisableBit)
    ? 'not a debug TD'
    : 'SEPT_VE_DISABLE is off: the host can cause exceptions in it by taking pages away';
}

const moduleComponents = [
  'SVN of the TDX module',
  'version of the TDX module',
  'SVN of the SEAM loader or late microcode',
];

function moduleSvn(note: string): FieldWords {
  return {
    note,
    children: (field) => moduleComponents.map((name, index) => node(`[${index}] ${name}`, byteAt(field, index))),
  };
}

const header: WordTable = {
  Header: { label: 'header' },
  'Body description': { label: 'body description' },
  'attestation key type': {
    label: 'attestation key',
    note: ({ value }) => keyTypes[value] ?? 'not a kind that there is',
  },
  'TEE type': {
    label: 'TEE',
    value: ({ value }) => `0x${BigInt(value).toString(16)}`,
    note: ({ meaning }) => meaning,
  },
  'QE security version': {
    label: 'QE SVN',
    note: 'informative: what counts is in the report of the quoting enclave',
  },
  'PCE security version': { label: 'PCE SVN', note: 'informative: what counts is in the PCK certificate' },
  'QE vendor': {
    note: ({ meaning }) => (meaning === 'Intel' ? 'the id of Intel, which software platforms use too' : 'unknown'),
  },
  'user data': { note: 'the first 16 bytes are the id of the quoting enclave' },
};

const enclave: WordTable = {
  'SGX enclave report': { label: 'enclave', note: 'what the quote is about' },
  CPUSVN: { note: 'the security version of the processor; raw, the PCK certificate has its parts' },
  'ATTRIBUTES.FLAGS': {
    label: 'attributes',
    value: flags,
    note: (field) => (hasBit(field, enclaveDebugBit) ? debugged : 'not a debug enclave'),
  },
  'ATTRIBUTES.XFRM': {
    label: 'XFRM',
    value: flags,
    note: 'the states of the processor that the enclave may use',
  },
  MRENCLAVE: { note: 'the measurement: which code it is' },
  MRSIGNER: { note: ({ value }) => knownSigners[value] ?? 'the hash of the key that signed the enclave' },
  ISVPRODID: { note: 'which product of the signer' },
  ISVSVN: { note: 'its security version' },
  REPORTDATA: {
    label: 'report data',
    note: 'what the enclave or TD says: usually the hash of a key and a nonce',
  },
};

const about = 'what the quote is about';
const domain: WordTable = {
  'TD report 1.0': { label: 'trust domain, TD 1.0', note: about },
  'TD report 1.5': { label: 'trust domain, TD 1.5', note: about },
  'TD report 1.5 with partitioning': { label: 'trust domain, TD 1.5 with partitioning', note: about },
  TEE_TCB_SVN: moduleSvn('the TDX module and its loader when the TD was launched'),
  TEE_TCB_SVN_2: moduleSvn('the TDX module and its loader now, after updates below the running TD'),
  MRSEAM: { note: 'the measurement of the TDX module' },
  MRSIGNERSEAM: { note: (field) => (isZero(field) ? 'zero: the TDX module is of Intel' : 'not Intel') },
  SEAMATTRIBUTES: { note: 'zero in every module that is in use' },
  TDATTRIBUTES: { value: flags, note: domainNote },
  XFAM: { value: flags, note: 'the states of the processor that the TD may use' },
  MRTD: { note: 'the measurement of what the TD began with, often the firmware alone' },
  RTMR0: { note: 'by convention: the configuration of the firmware' },
  RTMR1: { note: 'by convention: the boot loader and the kernel' },
  RTMR2: { note: 'by convention: the command line and the file system' },
  RTMR3: { note: 'by convention: what the application measured' },
  MRSERVICETD: {
    note: (field) => (isZero(field) ? 'no service TD is bound' : 'a service TD is bound, for migration for example'),
  },
};

const signature: WordTable = {
  'Signature data': { label: 'signature' },
  signature: { note: 'of header and body, by the attestation key: r, then s' },
  'attestation key': { note: 'x, then y' },
  'Quoting enclave’s report': {
    label: 'quoting enclave',
    note: 'the enclave that made the quote; its report data vouches for the attestation key',
  },
  'QE report signature': { note: 'of the report of the quoting enclave, by the PCK: r, then s' },
  'certification data type': { note: ({ value }) => certificationTypes[value] ?? 'not a type that there is' },
};

/** What the fields of a DCAP quote mean (QVL, QuoteStructures.h; SDM volume 3D; TDX module ABI). */
export const quoteWords: WordTable = Object.freeze({ ...header, ...enclave, ...domain, ...signature });
