import { toHex } from '@enclos/codec';
import {
  fieldNodes,
  flagsField,
  hexField,
  isZero,
  node,
  numberField,
  readNumber,
  reserved,
  type ExplainNode,
  type Field,
} from './nodes.ts';

const turinFamily = 0x1a;

/** TCB_VERSION by product: Turin, of family 1Ah, begins with the FMC. */
function tcbField(label: string, isTurin: boolean, note: string): Field {
  const parts = isTurin
    ? ['FMC', 'boot loader', 'TEE', 'SNP firmware', '', '', '', 'microcode']
    : ['boot loader', 'TEE', '', '', '', '', 'SNP firmware', 'microcode'];
  return {
    label,
    sizeBytes: 8,
    show: (bytes) => ({
      value: toHex(bytes),
      note,
      children: parts.flatMap((name, index) => (name === '' ? [] : [node(name, bytes[index] ?? 0)])),
    }),
  };
}

/** Bits 16 and up of the policy, so that they are those of its last six bytes. */
const policyBits = {
  'SMT allowed': 0,
  'bit 17, always set': 1,
  'migration agent allowed': 2,
  'DEBUG allowed': 3,
  'single socket': 4,
  'CXL allowed': 5,
  'AES-256 of memory required': 6,
  'RAPL disabled': 7,
  'hiding of ciphertext required': 8,
};
const debugBit = 8n;
const platformBits = {
  'SMT on': 0,
  'TSME on': 1,
  'ECC on': 2,
  'RAPL disabled': 3,
  'ciphertext hidden': 4,
  'alias check complete': 5,
};
const signingKeys = ['VCEK, of the chip', 'VLEK, of the provider'];

/** ATTESTATION_REPORT (AMD document 56860, SEV-SNP firmware ABI). 1184 bytes. */
function reportFields(version: number, isTurin: boolean): readonly Field[] {
  return [
    numberField('version', 4),
    numberField('guest SVN', 4),
    numberField('lowest minor ABI', 1),
    numberField('lowest major ABI', 1),
    flagsField('guest policy', 6, policyBits, (value) =>
      (value & debugBit) === 0n ? 'not a debug guest' : 'DEBUG: the host can read its memory, it keeps no secrets',
    ),
    hexField('family id', 16),
    hexField('image id', 16),
    numberField('VMPL', 4, (value) =>
      value === 0
        ? 'the most privileged level of the guest asked for it'
        : 'a less privileged level of the guest asked for it',
    ),
    numberField('signature algorithm', 4, (value) =>
      value === 1 ? 'ECDSA P-384 with SHA-384' : 'not one that there is',
    ),
    tcbField('current TCB', isTurin, 'what runs'),
    flagsField('platform info', 8, platformBits),
    numberField('key flags', 4, keyNote),
    reserved(4),
    hexField('report data', 64, 'what the guest says: usually the hash of a key and a nonce'),
    hexField('measurement', 48, 'the launch digest: what the guest began with'),
    hexField('host data', 32, 'what the host gave at launch'),
    hexField('id key digest', 48),
    hexField('author key digest', 48),
    hexField('report id', 32),
    hexField('report id of the migration agent', 32),
    tcbField('reported TCB', isTurin, 'the one that the signing key is certified for'),
    ...(version >= 3
      ? [
          numberField('CPUID family', 1, familyNote),
          numberField('CPUID model', 1),
          numberField('CPUID stepping', 1),
          reserved(21),
        ]
      : [reserved(24)]),
    {
      label: 'chip id',
      sizeBytes: 64,
      show: (bytes) => ({ value: toHex(bytes), note: isZero(bytes) ? 'hidden' : 'which chip' }),
    },
    tcbField('committed TCB', isTurin, 'never to be undercut again'),
    hexField('current firmware', 4, 'build, minor, major'),
    hexField('committed firmware', 4, 'build, minor, major'),
    tcbField('launch TCB', isTurin, 'what ran when the guest was launched'),
    ...(version >= 5 ? [hexField('launch mitigations', 8), hexField('current mitigations', 8)] : [reserved(16)]),
    reserved(152),
    hexField('signature r', 72, 'little-endian'),
    hexField('signature s', 72, 'little-endian'),
    reserved(368),
  ];
}

function keyNote(flags: number): string {
  const key = signingKeys[(flags >> 2) & 7] ?? 'no key: it is not signed';
  return `signed by ${key}${(flags & 1) === 0 ? '' : '; the author key signed the id key'}${(flags & 2) === 0 ? '' : '; the key of the chip is masked'}`;
}

function familyNote(family: number): string {
  return family === turinFamily ? 'Turin' : family === 0x19 ? 'Milan or Genoa' : 'unknown';
}

/** Every field of a report of SEV-SNP with its offset, as far as there are bytes. */
export function snpNodes(bytes: Uint8Array): readonly ExplainNode[] {
  const version = readNumber(bytes.subarray(0, 4));
  const isTurin = version >= 3 && bytes[0x188] === turinFamily;
  return fieldNodes(bytes, 0, reportFields(version, isTurin));
}
