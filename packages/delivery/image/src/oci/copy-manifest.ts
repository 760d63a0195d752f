import { parseManifest, type Descriptor } from './documents.ts';
import type { LayoutWriter } from './layout-writer.ts';
import { verifiedBlob } from './verified-blob.ts';

/** A manifest whose bytes have the digest of its descriptor. */
export interface ReadManifest {
  readonly bytes: Uint8Array;
  readonly descriptor: Descriptor;
}

/**
 * Copies what a manifest names, and the manifest, into a layout. Every blob is checked against its digest.
 * @param open the pieces of a blob, not verified yet
 * @throws OCI_DOCUMENT_INVALID, OCI_DIGEST_MISMATCH, and what `open` throws
 */
export async function copyManifest(
  { bytes, descriptor }: ReadManifest,
  open: (blob: Descriptor) => AsyncIterable<Uint8Array>,
  writer: LayoutWriter,
): Promise<void> {
  const { config, layers } = parseManifest(bytes);
  for (const blob of [config, ...layers]) {
    const verified = verifiedBlob(open(blob), blob);
    await writer.addPieces(verified.pieces, blob.mediaType);
    await verified.finish();
  }
  await writer.add(bytes, descriptor.mediaType);
}
