const kib = 1024;
const mib = 1024 * kib;
const gib = 1024 * mib;

/** Limits of untrusted input: far above real images, and far below what does harm. */
export const limits = Object.freeze({
  /** Bytes of one index, manifest or configuration. Registries refuse manifests above 4 MiB (distribution specification). */
  documentBytes: 4 * mib,
  jsonDepth: 32,
  /** JSON values in one document: a descriptor with its platform and annotations has about twenty, and an index has 1024 of them. */
  jsonValues: 65_536,
  layers: 128,
  /** Manifests of one index. */
  manifests: 1024,
  /** Bytes of one blob as it is stored. */
  blobBytes: 2 * gib,
  /** Bytes of all layers of an image when they are unpacked. */
  unpackedBytes: 8 * gib,
  /** Files, folders and links of all layers. */
  entries: 500_000,
  /**
   * Headers of pax and GNU before entries in all layers, and each record in one. Most entries of most images
   * have none, and a record costs a microsecond.
   */
  records: 2_000_000,
  /** Zeros after the end of one archive. Writers pad to 10 KiB. */
  paddingBytes: mib,
  /** Frames of zstd in one layer. podman makes one for each file. */
  frames: 100_000,
  pathBytes: 4 * kib,
  /** Bytes of the names and numbers before one entry (pax, GNU). */
  headerBytes: mib,
});
