import { EnclosError } from '@enclos/errors';
import type { Digest } from '../digest.ts';
import { parseIndex, parseManifest, type Descriptor } from '../oci/documents.ts';
import { findImage, readDocument, type ImageChoice, type ImageSource } from '../oci/source.ts';
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
 * Sends an image and what refers to it. The digests of the layout are checked on the way. A tag changes last: a pull gets the
 * old image or the new one.
 * @throws OCI_REFERENCE_INVALID when the reference has a digest that the image does not have, and OCI_*.
 */
export async function pushImage(
  source: ImageSource,
  { reference, choice }: { readonly reference: ImageReference; readonly choice: ImageChoice },
  options: RegistryOptions = {},
): Promise<PushedImage> {
  const { descriptor, manifest } = await findImage(source, choice);
  const { digest } = descriptor;
  if (reference.digest !== undefined && reference.digest !== digest) {
    throw new EnclosError('OCI_REFERENCE_INVALID', `The image is ${digest}, not ${reference.digest}.`);
  }
  const client = createRegistryClient(reference, options);
  let uploaded = await pushBlobs(client, source, [manifest.config, ...manifest.layers]);
  const image = await readDocument(source, descriptor);
  await client.putManifest(digest, image, descriptor.mediaType);
  const referrers = await referrersIn(source, digest);
  let kept = true;
  for (const referrer of referrers) {
    const bytes = await readDocument(source, referrer);
    const { config, layers } = parseManifest(bytes);
    uploaded += await pushBlobs(client, source, [config, ...layers]);
    kept = (await client.putManifest(referrer.digest, bytes, referrer.mediaType)).subjectKept && kept;
  }
  if (!kept) await addToFallback(client, digest, referrers);
  if (reference.tag !== undefined) await client.putManifest(reference.tag, image, descriptor.mediaType);
  return Object.freeze({ digest, uploaded, referrers: Object.freeze(referrers.map((referrer) => referrer.digest)) });
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

/** The manifests of a layout that say that they are about an image. */
export async function referrersIn(source: ImageSource, subject: Digest): Promise<readonly Descriptor[]> {
  const { manifests } = parseIndex(await source.index());
  const found: Descriptor[] = [];
  for (const descriptor of manifests.filter(({ artifactType }) => artifactType !== undefined)) {
    const { subject: of } = parseManifest(await readDocument(source, descriptor));
    if (of?.digest === subject) found.push(descriptor);
  }
  return found;
}
