import { createDigester, type Digest } from '../digest.ts';
import { decompress } from './gzip.ts';
import { decompressZstd } from './zstd.ts';
import { mediaTypes, type Descriptor } from '../oci/documents.ts';
import type { ImageSource } from '../oci/source.ts';
import { digestMismatch, verifiedBlob } from '../oci/verified-blob.ts';
import { layerInvalid } from '../tar/path.ts';
import { readTar, type TarBudget, type TarVisitor } from '../tar/read.ts';

export type Compression = 'none' | 'gzip' | 'zstd';

const compressions: ReadonlyMap<string, Compression> = new Map([
  [mediaTypes.layer, 'none'],
  [mediaTypes.layerGzip, 'gzip'],
  [mediaTypes.dockerLayerGzip, 'gzip'],
  [mediaTypes.layerZstd, 'zstd'],
]);

/**
 * Reads a layer as it is stored, and holds it to both of its digests.
 * @throws OCI_LAYER_INVALID, OCI_DIGEST_MISMATCH, OCI_TOO_LARGE, OCI_COMPRESSION_UNSUPPORTED
 */
export async function readLayer(
  source: ImageSource,
  { descriptor, diffId }: { readonly descriptor: Descriptor; readonly diffId: Digest },
  { visit, budget }: { readonly visit: TarVisitor; readonly budget: TarBudget },
): Promise<void> {
  const { mediaType, digest } = descriptor;
  const compression = compressions.get(mediaType);
  if (compression === undefined) throw layerInvalid(`is a ${mediaType}, which is not read here`, digest);
  const blob = verifiedBlob(source.open(descriptor), descriptor);
  const digester = createDigester();
  await readTar(counted(unpack(blob.pieces, compression), digester), visit, budget);
  await blob.finish();
  const got = digester.digest();
  if (got !== diffId) throw digestMismatch(diffId, got);
}

async function* counted(
  pieces: AsyncIterable<Uint8Array>,
  digester: { update(bytes: Uint8Array): void },
): AsyncGenerator<Uint8Array> {
  for await (const piece of pieces) {
    digester.update(piece);
    yield piece;
  }
}

/** Decompresses; what is not what it should be is a fault of the layer. @throws OCI_LAYER_INVALID, OCI_COMPRESSION_UNSUPPORTED */
export async function* unpack(pieces: AsyncIterable<Uint8Array>, compression: Compression): AsyncGenerator<Uint8Array> {
  try {
    yield* compression === 'none' ? pieces : compression === 'gzip' ? decompress(pieces) : decompressZstd(pieces);
  } catch (error) {
    const isCoded = error instanceof Error && 'code' in error && /^(?:Z_|ZSTD_)/.test(String(error.code));
    throw isCoded ? layerInvalid(`is not ${compression}`, '', error) : error;
  }
}
