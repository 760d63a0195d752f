import { array, boolean, bytes, record, string, uint16, uint64, type Infer } from '@enclos/edl';

/** A file of a companion: native code, or what its script reads. It travels beside the image, and its SHA-256 is measured. */
const file = record({
  /** Its name beside the other files of the companion. */
  path: string({ minBytes: 1, maxBytes: 128 }),
  sha256: bytes({ exactBytes: 32 }),
  sizeBytes: uint64(),
});

export const companion = record({
  name: string({ minBytes: 1, maxBytes: 63 }),
  /** The most processes that run at once. */
  processes: uint16(),
  /** What each process may write to, beside what the interpreter takes. */
  memoryBytes: uint64(),
  /** What bounds the threads of a process, as that of the enclave does. */
  threads: uint16(),
  /** Whether its script may load its files as native addons. */
  addons: boolean(),
  files: array(file, { maxItems: 64 }),
});

/** The manifest of a companion: a process without keys beside the enclave. Its script is an embedded file: {@link companionScriptPath}. */
export type CompanionManifest = Infer<typeof companion>;
export type CompanionFile = CompanionManifest['files'][number];
