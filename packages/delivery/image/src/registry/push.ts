import { EnclosError } from '@enclos/errors';
import type { Digest } from '../digest.ts';
import { isIndexType, parseIndex, parseManifest, type Descriptor } from '../oci/documents.ts';
import { findNamed, readImage, readDocument, referrersIn, type ImageChoice, type ImageSource } from '../oci/source.ts';
import { readVerified } from '../oci/verified-blob.ts';
import { createRegistryClient, type RegistryClient, type RegistryOptions } from './client.ts';
import type { ImageReference } from './reference.ts';
import { addToFallback } from './referrers.ts';

export interface PushedImage {
  readonly digest: Digest;
  /** Blobs that the registry did not have. */
  readonly uploaded: number;
  readonly referrers: readonly Digest[];
}

/** A blob is sent from memory. */
const maxPushedBytes = 1024 * 1024 * 1024;

/**
 * Sends an image and what refers to it; of an index, every image. The digests of the layout are checked on the way. A tag
 * changes last: a pull gets the old image or the new one.
 * @throws OCI_REFERENCE_INVALID when the reference has a digest that the image does not have, and OCI_*.
 */
export async function pushImage(
  source: ImageSource,
  { reference, choice }: { readonly reference: ImageReference; readonly choice: ImageChoice },
  options: RegistryOptions = {},
): Promise<PushedImage> {
  const named = await findNamed(source, choice);
  const bytes = await readDocument(source, named);
  const { digest, mediaType } = named;
  if (reference.digest !== undefined && reference.digest !== digest) {
    throw new EnclosError('OCI_REFERENCE_INVALID', `The image is ${digest}, not ${reference.digest}.`);
  }
  const client = createRegistryClient(reference, options);
  let uploaded = 0;
  const referrers: Digest[] = [];
  const images = isIndexType(mediaType) ? parseIndex(bytes).manifests : [named];
  for (const image of images) {
    const sent = await pushOne(client, source, image);
    uploaded += sent.uploaded;
    referrers.push(...sent.referrers);
  }
  if (isIndexType(mediaType)) await client.putManifest(digest, bytes, mediaType);
  if (reference.tag !== undefined) await client.putManifest(reference.tag, bytes, mediaType);
  return Object.freeze({ digest, uploaded, referrers: Object.freeze(referrers) });
}

/** One image, with what refers to it. */
async function pushOne(
  client: RegistryClient,
  source: ImageSource,
  image: Descriptor,
): Promise<Pick<PushedImage, 'uploaded' | 'referrers'>> {
  const { descriptor, manifest } = await readImage(source, image);
  const { digest } = descriptor;
  let uploaded = await pushBlobs(client, source, [manifest.config, ...manifest.layers]);
  await client.putManifest(digest, await readDocument(source, descriptor), descriptor.mediaType);
  const referrers = await referrersIn(source, digest);
  let kept = true;
  for (const referrer of referrers) {
    const bytes = await readDocument(source, referrer);
    const { config, layers } = parseManifest(bytes);
    uploaded += await pushBlobs(client, source, [config, ...layers]);
    kept = (await client.putManifest(referrer.digest, bytes, referrer.mediaType)).subjectKept && kept;
  }
  if (!kept) await addToFallback(client, digest, referrers);
  return { uploaded, referrers: referrers.map((referrer) => referrer.digest) };
}

async function pushBlobs(client: RegistryClient, source: ImageSource, blobs: readonly Descriptor[]): Promise<number> {
  let uploaded = 0;
  for (const blob of blobs) {
    if (await client.hasBlob(blob)) continue;
    if (blob.size > maxPushedBytes) {
      throw new EnclosError('OCI_TOO_LARGE', `The blob ${blob.digest} is larger than ${maxPushedBytes} bytes.`, {
        details: { what: 'blob', maxBytes: maxPushedBytes },
      });
    }
    await client.putBlob(blob, await readVerified(source.open(blob), blob));
    uploaded += 1;
  }
  return uploaded;
}
