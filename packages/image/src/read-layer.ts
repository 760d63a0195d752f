import { createDigester, type Digest } from './digest.ts';
import { decompress } from './gzip.ts';
import { mediaTypes, type Descriptor } from './oci/documents.ts';
import type { ImageSource } from './oci/source.ts';
import { digestMismatch, verifiedBlob } from './oci/verified-blob.ts';
import { layerInvalid } from './tar/path.ts';
import { readTar, type TarBudget, type TarVisitor } from './tar/read.ts';

const gzipped: readonly string[] = [mediaTypes.layerGzip, mediaTypes.dockerLayerGzip];

/**
 * Reads a layer as it is stored, and holds it to both of its digests.
 * @throws OCI_LAYER_INVALID, OCI_DIGEST_MISMATCH, OCI_TOO_LARGE
 */
export async function readLayer(
  source: ImageSource,
  { descriptor, diffId }: { readonly descriptor: Descriptor; readonly diffId: Digest },
  { visit, budget }: { readonly visit: TarVisitor; readonly budget: TarBudget },
): Promise<void> {
  const { mediaType, digest } = descriptor;
  const isGzip = gzipped.includes(mediaType);
  if (!isGzip && mediaType !== mediaTypes.layer) {
    throw layerInvalid(`is a ${mediaType}, which is not read here`, digest);
  }
  const blob = verifiedBlob(source.open(descriptor), descriptor);
  const digester = createDigester();
  await readTar(counted(isGzip ? unzip(blob.pieces) : blob.pieces, digester), visit, budget);
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

/** Decompresses; what is not gzip is a fault of the layer. @throws OCI_LAYER_INVALID */
export async function* unzip(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* decompress(pieces);
  } catch (error) {
    const isZlib = error instanceof Error && 'code' in error && String(error.code).startsWith('Z_');
    throw isZlib ? layerInvalid('is not gzip', '', error) : error;
  }
}
