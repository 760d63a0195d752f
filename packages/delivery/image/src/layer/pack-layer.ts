import { createDigester, type Digest } from '../digest.ts';
import { compress } from './gzip.ts';
import { mediaTypes, type Descriptor } from '../oci/documents.ts';
import type { LayoutWriter } from '../oci/layout-writer.ts';

/** A layer that is in the layout. */
export interface PackedLayer {
  readonly descriptor: Descriptor;
  /** The digest of the archive before it was compressed. */
  readonly diffId: Digest;
}

/** Compresses an archive into the layout. */
export async function packLayer(archive: AsyncIterable<Uint8Array>, writer: LayoutWriter): Promise<PackedLayer> {
  const digester = createDigester();
  const counted = async function* counted(): AsyncGenerator<Uint8Array> {
    for await (const piece of archive) {
      digester.update(piece);
      yield piece;
    }
  };
  const descriptor = await writer.addPieces(compress(counted()), mediaTypes.layerGzip);
  return Object.freeze({ descriptor, diffId: digester.digest() });
}
