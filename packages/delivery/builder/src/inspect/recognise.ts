import { equalBytes, fromHex, utf8 } from '@enclos/codec';

import type { InspectKind } from './report.ts';

/** What a file is: a kind that can be inspected, or words for what it seems to be. */
export type Recognised = { readonly kind: Exclude<InspectKind, 'enclave-elf'> } | { readonly unknown: string };

interface Signature {
  readonly start: Uint8Array;
  readonly name: string;
}

function startsWith(bytes: Uint8Array, start: Uint8Array): boolean {
  return equalBytes(bytes.subarray(0, start.length), start);
}

const elfMagic = fromHex('7f454c46');

/** True for an ELF file. Only its end can tell whether it holds an enclave. */
export function looksLikeElf(bytes: Uint8Array): boolean {
  return startsWith(bytes, elfMagic);
}

const ours: readonly { readonly start: Uint8Array; readonly kind: Exclude<InspectKind, 'enclave-elf'> }[] = [
  { start: utf8('ECREATE\0'), kind: 'image' },
  { start: fromHex('06000000e100000000000100'), kind: 'sigstruct' },
  { start: utf8('ENCLSEAL'), kind: 'sealed-blob' },
  // Version 3, ECDSA P-256, no TEE type.
  { start: fromHex('0300020000000000'), kind: 'quote' },
];

const others: readonly Signature[] = [
  { start: fromHex('04000200'), name: 'a version 4 quote (SGX or TDX)' },
  { start: fromHex('05000200'), name: 'a version 5 quote (SGX or TDX)' },
  { start: elfMagic, name: 'an ELF file (an executable or a library)' },
  { start: fromHex('4d5a'), name: 'a Windows executable' },
  { start: fromHex('0061736d'), name: 'a WebAssembly module' },
  { start: fromHex('1f8b'), name: 'a gzip file' },
  { start: fromHex('504b0304'), name: 'a ZIP file' },
  { start: fromHex('28b52ffd'), name: 'a Zstandard file' },
  { start: fromHex('89504e47'), name: 'a PNG image' },
];

const pemPattern = /-----BEGIN ([A-Z0-9 ]{1,64})-----/;

function recogniseText(text: string): Recognised {
  const [, pem] = pemPattern.exec(text) ?? [];
  if (pem === 'PRIVATE KEY' || pem === 'RSA PRIVATE KEY' || pem === 'PUBLIC KEY') return { kind: 'signing-key' };
  if (pem === 'ENCRYPTED PRIVATE KEY') return { unknown: 'an encrypted private key' };
  if (pem === 'CERTIFICATE') return { unknown: 'a PEM certificate' };
  if (pem !== undefined) return { unknown: `a PEM file (${pem})` };
  const trimmed = text.trimStart();
  if (trimmed.startsWith('{') || trimmed.startsWith('[')) return { unknown: 'JSON text' };
  return { unknown: 'text' };
}

/** Only the start decides; a text may be long. */
const textSampleBytes = 64 * 1024;

function asText(bytes: Uint8Array): string | undefined {
  try {
    // In a stream, so that a character cut by the sample's end is no error.
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(0, textSampleBytes), { stream: true });
    // oxlint-disable-next-line no-control-regex -- binary files hold these, texts do not
    return /[\u0000-\u0008\u000E-\u001F]/.test(text) ? undefined : text;
  } catch {
    return undefined;
  }
}

/** Says what `bytes` is by how it begins. */
export function recognise(bytes: Uint8Array): Recognised {
  if (bytes.length === 0) return { unknown: 'an empty file' };
  const known = ours.find(({ start }) => startsWith(bytes, start));
  if (known !== undefined) return { kind: known.kind };
  const other = others.find(({ start }) => startsWith(bytes, start));
  if (other !== undefined) return { unknown: other.name };
  const text = asText(bytes);
  if (text !== undefined) return recogniseText(text);
  // SEQUENCE with a two-byte length: nearly always a certificate, a CRL or a key.
  if (startsWith(bytes, fromHex('3082'))) return { unknown: 'a DER file (a certificate, a CRL or a key)' };
  return { unknown: 'a binary file of an unknown kind' };
}
