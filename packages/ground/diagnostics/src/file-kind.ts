/** Files that our tools read. */
export type KnownFile = 'image' | 'sigstruct' | 'sealed-blob' | 'signing-key' | 'quote' | 'elf';

/** What a file is, by how it begins. */
export interface FileKind {
  /** Undefined for files that our tools do not read. */
  readonly known: KnownFile | undefined;
  /** For the middle of a sentence: `a gzip file`. */
  readonly words: string;
}

/** How files begin, in hex. The first that fits decides. */
const beginnings: readonly (readonly [hex: string, words: string, known?: KnownFile])[] = [
  // ECREATE and a zero: the first record of an SGXS stream.
  ['4543524541544500', 'an Enclos image', 'image'],
  // HEADER of a SIGSTRUCT (SDM volume 3D, "Enclave Signature Structure").
  ['06000000e100000000000100', 'a SIGSTRUCT, the signature of an enclave', 'sigstruct'],
  // ENCLSEAL
  ['454e434c5345414c', 'a sealed blob', 'sealed-blob'],
  // A version, and the type of the attestation key: ECDSA P-256 (QVL, QuoteStructures.h).
  ['0300020000000000', 'a DCAP quote', 'quote'],
  ['04000200', 'a version 4 quote (SGX or TDX)', 'quote'],
  ['05000200', 'a version 5 quote (SGX or TDX)', 'quote'],
  ['7f454c46', 'an ELF file (an executable or a library)', 'elf'],
  ['4d5a', 'a Windows executable'],
  ['0061736d', 'a WebAssembly module'],
  ['1f8b', 'a gzip file'],
  ['504b0304', 'a ZIP file'],
  ['28b52ffd', 'a Zstandard file'],
  ['89504e47', 'a PNG image'],
];
const longestBeginning = 12;
/** The start of a text is enough, and a text may be long. */
const textSampleBytes = 64 * 1024;
const pemPattern = /-----BEGIN ([A-Z0-9 ]{1,64})-----/;
const keyLabels: readonly (string | undefined)[] = ['PRIVATE KEY', 'RSA PRIVATE KEY', 'PUBLIC KEY'];

/** Says what `bytes` is by how it begins: 64 KiB are enough. Never throws. */
export function fileKindOf(bytes: Uint8Array): FileKind {
  if (bytes.length === 0) return foreign('an empty file');
  const start = hexOf(bytes.subarray(0, longestBeginning));
  const [, words, known] = beginnings.find(([hex]) => start.startsWith(hex)) ?? [];
  if (words !== undefined) return { known, words };
  const text = asText(bytes);
  if (text !== undefined) return textKindOf(text);
  // SEQUENCE with a length of two bytes: nearly always a certificate, a CRL or a key.
  return foreign(
    start.startsWith('3082') ? 'a DER file (a certificate, a CRL or a key)' : 'a binary file of an unknown kind',
  );
}

function foreign(words: string): FileKind {
  return { known: undefined, words };
}

function textKindOf(text: string): FileKind {
  const [, label] = pemPattern.exec(text) ?? [];
  if (keyLabels.includes(label)) return { known: 'signing-key', words: 'a key' };
  if (label === 'ENCRYPTED PRIVATE KEY') return foreign('an encrypted private key');
  if (label === 'CERTIFICATE') return foreign('a PEM certificate');
  if (label !== undefined) return foreign(`a PEM file (${label})`);
  return foreign(/^\s*[{[]/.test(text) ? 'JSON text' : 'text');
}

function asText(bytes: Uint8Array): string | undefined {
  try {
    // In stream mode, so that a character cut by the end of the sample is not an error.
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(0, textSampleBytes), { stream: true });
    // oxlint-disable-next-line no-control-regex -- binary files hold these, texts do not
    return /[\u0000-\u0008\u000E-\u001F]/.test(text) ? undefined : text;
  } catch {
    return undefined;
  }
}

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
