import { EnclosError } from '@enclos/errors';
import type { Digest } from '../digest.ts';
import { copyManifest } from '../oci/copy-manifest.ts';
import { isIndexType, isManifestType, parseIndex, parseManifest, type Descriptor } from '../oci/documents.ts';
import { createLayoutWriter, type LayoutWriter } from '../oci/layout-writer.ts';
import { refNameAnnotation } from '../oci/source.ts';
import { createRegistryClient, type RegistryClient, type RegistryOptions } from './client.ts';
import type { ImageReference } from './reference.ts';
import { listReferrers } from './referrers.ts';

export interface PulledImage {
  readonly digest: Digest;
  readonly tag: string;
  readonly referrers: readonly Digest[];
}

export interface PullOptions extends RegistryOptions {
  /** The architecture to pull, as OCI names it. */
  readonly architecture: string;
}

/** More statements than an image of Enclos has; a registry may list any number. */
const maxReferrers = 32;
const maxStatementBytes = 16 * 1024 * 1024;

/**
 * Gets an image and what refers to it into an OCI layout, which appears whole or not at all. Every digest is checked; with a tag, it
 * is the registry that says which digest that is: verify the image then.
 * @throws OCI_*
 */
export async function pullImage(reference: ImageReference, target: string, options: PullOptions): Promise<PulledImage> {
  const client = createRegistryClient(reference, options);
  const wanted = reference.digest ?? reference.tag;
  if (wanted === undefined) {
    throw new EnclosError('OCI_REFERENCE_INVALID', 'Name the tag or the digest of the image.');
  }
  const found = await getImage(client, wanted, options.architecture);
  const writer = await createLayoutWriter(target);
  try {
    const tag = reference.tag ?? 'latest';
    await copyManifest(found, (blob) => client.openBlob(blob), writer);
    const image = { ...found.descriptor, annotations: { [refNameAnnotation]: tag } };
    const referrers = await pullReferrers(client, found.descriptor.digest, writer);
    await writer.finish([image, ...referrers]);
    return Object.freeze({
      digest: found.descriptor.digest,
      tag,
      referrers: Object.freeze(referrers.map(({ digest }) => digest)),
    });
  } finally {
    await writer.discard();
  }
}

type FetchedManifest = Awaited<ReturnType<RegistryClient['getManifest']>>;

async function getImage(client: RegistryClient, wanted: string, architecture: string): Promise<FetchedManifest> {
  const found = await client.getManifest(wanted);
  if (!isIndexType(found.descriptor.mediaType)) return found;
  const fitting = parseIndex(found.bytes).manifests.find(
    ({ platform }) => platform?.os === 'linux' && platform.architecture === architecture,
  );
  if (fitting === undefined) {
    throw new EnclosError('OCI_NOT_FOUND', `The image is not there for linux/${architecture}.`);
  }
  return client.getManifest(fitting.digest);
}

async function pullReferrers(
  client: RegistryClient,
  subject: Digest,
  writer: LayoutWriter,
): Promise<readonly Descriptor[]> {
  const listed = (await listReferrers(client, subject)).slice(0, maxReferrers);
  const pulled: Descriptor[] = [];
  for (const { digest } of listed) {
    const found = await client.getManifest(digest);
    if (!isManifestType(found.descriptor.mediaType)) continue;
    const { subject: of, artifactType, annotations, layers } = parseManifest(found.bytes);
    // Anyone that may push can list anything here: only small statements about this image are pulled.
    if (of?.digest !== subject || artifactType === undefined) continue;
    if (layers.some(({ size }) => size > maxStatementBytes)) continue;
    await copyManifest(found, (blob) => client.openBlob(blob), writer);
    pulled.push({ ...found.descriptor, artifactType, ...(annotations === undefined ? {} : { annotations }) });
  }
  return pulled;
}
