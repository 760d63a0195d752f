import { decodeLatin1 } from '@enclos/codec/text';

/** What signed DER values the page takes. */
export type DerKind = 'certificate' | 'amd-leaf' | 'amd-authority' | 'amd-root' | 'revocation-list';

const outerLength = 4;
/** Common names of AMD's certificates (document 57230): SEV-VCEK, SEV-VLEK-Milan, ARK-Milan and so on. */
const amdName = /(?:SEV|ARK)-[A-Z][A-Za-z-]*/g;

/**
 * Sorts DER by what it looks like, so that it comes to the reader that will
 * check it: a certificate, one of AMD's by its name, or a revocation list.
 * Undefined for anything else. A file that lies is refused later.
 */
export function derKind(bytes: Uint8Array): DerKind | undefined {
  if (!isSequence(bytes, 0) || lengthAt(bytes, 0) !== bytes.length || !isSequence(bytes, outerLength)) return undefined;
  // A certificate of version 3 begins with its version as [0], a list with an INTEGER (RFC 5280, 4.1 and 5.1).
  const first = bytes[2 * outerLength];
  if (first === 0x02) return 'revocation-list';
  if (first !== 0xa0) return undefined;
  const [, subject] = [...decodeLatin1(bytes).matchAll(amdName)].map(([name]) => name);
  if (subject === undefined) return 'certificate';
  if (subject.startsWith('ARK-')) return 'amd-root';
  return subject === 'SEV-VCEK' || subject === 'SEV-VLEK' ? 'amd-leaf' : 'amd-authority';
}

/** A SEQUENCE whose length has two bytes (X.690 section 8.1.3), as certificates and lists have. No evidence begins so. */
function isSequence(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === 0x30 && bytes[at + 1] === 0x82;
}

function lengthAt(bytes: Uint8Array, at: number): number {
  return outerLength + (bytes[at + 2] ?? 0) * 256 + (bytes[at + 3] ?? 0);
}
