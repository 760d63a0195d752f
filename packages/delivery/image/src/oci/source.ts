import { EnclosError } from '@enclos/errors';
import { limits } from '../limits.ts';
import {
  isIndexType,
  isManifestType,
  parseConfig,
  parseIndex,
  parseManifest,
  type Descriptor,
  type ImageConfig,
  type ImageManifest,
} from './documents.ts';
import { documentInvalid } from '../json.ts';
import { digestOf, type Digest } from '../digest.ts';
import { readVerified, type BlobName } from './verified-blob.ts';

/** Blobs by their digest, from a folder or anywhere else. Nothing that it gives is verified. */
export interface ImageSource {
  /** The bytes of its index.json. */
  index(): Promise<Uint8Array>;
  /** @throws OCI_NOT_FOUND */
  open(blob: BlobName): AsyncIterable<Uint8Array>;
}

/** An image: its documents, read and held to their digests. */
export interface FoundImage {
  readonly descriptor: Descriptor;
  readonly manifest: ImageManifest;
  readonly config: ImageConfig;
}

/** A document of an image, whole. @throws OCI_DIGEST_MISMATCH, OCI_TOO_LARGE */
export async function readDocument(source: ImageSource, name: BlobName): Promise<Uint8Array> {
  const maxBytes = limits.documentBytes;
  if (name.size > maxBytes) {
    throw new EnclosError('OCI_TOO_LARGE', `The document ${name.digest} is larger than ${maxBytes} bytes.`, {
      details: { what: 'document', maxBytes },
    });
  }
  return readVerified(source.open(name), name);
}

export interface ImageChoice {
  /** The name of the image in the layout (`org.opencontainers.image.ref.name`). Needed when it holds several. */
  readonly tag?: string;
  /** As OCI names it: `amd64`, `arm64`. */
  readonly architecture: string;
}

export const refNameAnnotation = 'org.opencontainers.image.ref.name';

/**
 * Finds the one image that is meant, also inside an index of several architectures.
 * @throws OCI_LAYOUT_INVALID when there is none, or more than one; OCI_DOCUMENT_INVALID, OCI_DIGEST_MISMATCH, OCI_TOO_LARGE
 */
export async function findImage(source: ImageSource, choice: ImageChoice): Promise<FoundImage> {
  return readImage(source, await resolve(source, await findNamed(source, choice), choice));
}

/** The image that is meant, or the index that it is in. @throws as {@link findImage} */
export async function findNamed(source: ImageSource, choice: ImageChoice): Promise<Descriptor> {
  const { manifests } = parseIndex(await source.index());
  const images = manifests.filter(({ artifactType }) => artifactType === undefined);
  const named = images.filter(
    ({ annotations }) => choice.tag === undefined || annotations?.[refNameAnnotation] === choice.tag,
  );
  return only(named, choice);
}

async function resolve(source: ImageSource, found: Descriptor, choice: ImageChoice): Promise<Descriptor> {
  if (!isIndexType(found.mediaType)) return found;
  const { manifests } = parseIndex(await readDocument(source, found));
  const fitting = manifests.filter(
    ({ platform }) => platform?.os === 'linux' && platform.architecture === choice.architecture,
  );
  const inner = only(fitting, choice);
  if (isIndexType(inner.mediaType)) throw documentInvalid('index', 'leads to another index');
  return inner;
}

function only(found: readonly Descriptor[], { tag, architecture }: ImageChoice): Descriptor {
  const [first, second] = found;
  if (first !== undefined && second === undefined) return first;
  const what = `${tag === undefined ? 'image' : `image ${JSON.stringify(tag)}`} for ${architecture}`;
  const reason = first === undefined ? `There is no ${what}.` : `There is more than one ${what}; name it by its tag.`;
  throw new EnclosError('OCI_LAYOUT_INVALID', reason);
}

/** @throws OCI_DOCUMENT_INVALID, OCI_DIGEST_MISMATCH, OCI_TOO_LARGE */
export async function readImage(source: ImageSource, descriptor: Descriptor): Promise<FoundImage> {
  if (!isManifestType(descriptor.mediaType)) throw documentInvalid('index', `names a ${descriptor.mediaType}`);
  const bytes = await readDocument(source, descriptor);
  const manifest = parseManifest(bytes);
  // A document of one type that is read as another one (CVE-2021-41190) shows two readers two images.
  if (manifest.mediaType !== undefined && manifest.mediaType !== descriptor.mediaType) {
    throw documentInvalid('manifest', 'is of another type than its descriptor says');
  }
  const config = parseConfig(await readDocument(source, manifest.config));
  if (config.rootfs.diff_ids.length !== manifest.layers.length) {
    throw documentInvalid('configuration', 'names another number of layers than the manifest');
  }
  return Object.freeze({ descriptor: { ...descriptor, digest: digestOf(bytes) }, manifest, config });
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
