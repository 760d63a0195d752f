import { explainSnpReport, type ExplainedField } from '@enclos/attestation/explain';
import { byteAt, flags, isZero, nodesOf, type FieldWords, type WordTable } from './fields.ts';
import { node, type ExplainNode } from './nodes.ts';

const turinFamily = 0x1a;
const debugBit = 1n << 19n;

/** TCB_VERSION by product, the parts that are in use: Turin, of family 1Ah, begins with the FMC. */
const tcbParts = {
  turin: [
    [0, 'FMC'],
    [1, 'boot loader'],
    [2, 'TEE'],
    [3, 'SNP firmware'],
    [7, 'microcode'],
  ],
  others: [
    [0, 'boot loader'],
    [1, 'TEE'],
    [6, 'SNP firmware'],
    [7, 'microcode'],
  ],
} as const;

function tcbWords(label: string, product: keyof typeof tcbParts, note: string): FieldWords {
  return {
    label,
    note,
    children: (field) => tcbParts[product].map(([index, name]) => node(name, byteAt(field, index))),
  };
}

/** Bits 16 and up of the policy. */
const policyBits = [
  'SMT allowed',
  'bit 17, always set',
  'migration agent allowed',
  'DEBUG allowed',
  'single socket',
  'CXL allowed',
  'AES-256 of memory required',
  'RAPL disabled',
  'hiding of ciphertext required',
  'page swap disabled',
];

function policyValue({ value }: ExplainedField): string {
  const policy = BigInt(value);
  const set = Array.from({ length: 48 }, (_, index) => index).filter(
    (index) => ((policy >> BigInt(16 + index)) & 1n) === 1n,
  );
  const names = set.map((index) => policyBits[index] ?? `bit ${16 + index}`);
  return `0x${policy.toString(16)}: ${[`ABI ${(policy >> 8n) & 0xffn}.${policy & 0xffn} or later`, ...names].join(', ')}`;
}

const signingKeys = ['VCEK, of the chip', 'VLEK, of the provider'];

function keyNote({ value }: ExplainedField): string {
  const flagBits = Number(value);
  const key = signingKeys[(flagBits >> 2) & 7] ?? 'no key: it is not signed';
  const author = (flagBits & 1) === 0 ? '' : '; the author key signed the id key';
  return `signed by ${key}${author}${(flagBits & 2) === 0 ? '' : '; the key of the chip is masked'}`;
}

function familyNote(field: ExplainedField): string | undefined {
  if (isZero(field)) return undefined;
  const family = byteAt(field, 0);
  return family === turinFamily ? 'Turin' : family === 0x19 ? 'Milan or Genoa' : 'unknown';
}

/** What the fields of a report mean (AMD document 56860, SEV-SNP firmware ABI, ATTESTATION_REPORT). */
function snpWords(product: keyof typeof tcbParts): WordTable {
  return {
    VERSION: { label: 'version' },
    GUEST_SVN: { label: 'guest SVN' },
    POLICY: {
      label: 'guest policy',
      value: policyValue,
      note: ({ value }) =>
        (BigInt(value) & debugBit) === 0n
          ? 'not a debug guest'
          : 'DEBUG: the host can read its memory, it keeps no secrets',
    },
    FAMILY_ID: { label: 'family id' },
    IMAGE_ID: { label: 'image id' },
    VMPL: {
      note: ({ value }) =>
        value === '0'
          ? 'the most privileged level of the guest asked for it'
          : 'a less privileged level of the guest asked for it',
    },
    SIGNATURE_ALGO: { label: 'signature algorithm' },
    CURRENT_TCB: tcbWords('current TCB', product, 'what runs'),
    PLATFORM_INFO: { label: 'platform info', value: flags },
    'SIGNING_KEY and flags': { label: 'key flags', note: keyNote },
    REPORT_DATA: { label: 'report data', note: 'what the guest says: usually the hash of a key and a nonce' },
    MEASUREMENT: { label: 'measurement', note: 'the launch digest: what the guest began with' },
    HOST_DATA: { label: 'host data', note: 'what the host gave at launch' },
    ID_KEY_DIGEST: { label: 'id key digest' },
    AUTHOR_KEY_DIGEST: { label: 'author key digest' },
    REPORT_ID: { label: 'report id' },
    REPORT_ID_MA: { label: 'report id of the migration agent' },
    REPORTED_TCB: tcbWords('reported TCB', product, 'the one that the signing key is certified for'),
    'CPUID family, model, stepping': { note: familyNote },
    CHIP_ID: { label: 'chip id', note: (field) => (isZero(field) ? 'hidden' : 'which chip') },
    COMMITTED_TCB: tcbWords('committed TCB', product, 'never to be undercut again'),
    CURRENT_VERSION: { label: 'current firmware', note: 'build, minor, major' },
    COMMITTED_VERSION: { label: 'committed firmware', note: 'build, minor, major' },
    LAUNCH_TCB: tcbWords('launch TCB', product, 'what ran when the guest was launched'),
    'SIGNATURE r': { label: 'signature r', note: 'little-endian' },
    'SIGNATURE s': { label: 'signature s', note: 'little-endian' },
  };
}

/** Every field of a report of SEV-SNP with its offset, as far as there are bytes. */
export function snpNodes(bytes: Uint8Array): readonly ExplainNode[] {
  const [report] = explainSnpReport(bytes);
  const fields = report?.fields ?? [];
  const family = fields.find(({ name }) => name.startsWith('CPUID'));
  const isTurin = family !== undefined && family.problem === undefined && byteAt(family, 0) === turinFamily;
  return nodesOf(fields, snpWords(isTurin ? 'turin' : 'others'));
}
