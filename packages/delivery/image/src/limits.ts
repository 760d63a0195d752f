const kib = 1024;
const mib = 1024 * kib;
const gib = 1024 * mib;

/** Far above what real images have, and far below what hurts. All of untrusted input. */
export const limits = Object.freeze({
  /** Of one index, manifest or configuration. Registries refuse manifests above 4 MiB (distribution specification). */
  documentBytes: 4 * mib,
  jsonDepth: 32,
  /** Of one document: a descriptor with its platform and annotations is some twenty, and an index has 1024 of them. */
  jsonValues: 65_536,
  layers: 128,
  /** Manifests of one index. */
  manifests: 1024,
  /** Of one blob as it is stored. */
  blobBytes: 2 * gib,
  /** Of all layers of an image, as they are unpacked. */
  unpackedBytes: 8 * gib,
  /** Of the files, folders and links of all layers. */
  entries: 500_000,
  /**
   * What stands before entries in all layers: headers of pax and GNU, and each record in one. Most entries of most images
   * have none, and a record costs a microsecond.
   */
  records: 2_000_000,
  /** Zeros after the end of one archive. Writers pad to 10 KiB. */
  paddingBytes: mib,
  /** Of zstd, in one layer. podman makes one for each file. */
  frames: 100_000,
  pathBytes: 4 * kib,
  /** Of the names and numbers that stand before one entry (pax, GNU). */
  headerBytes: mib,
});
