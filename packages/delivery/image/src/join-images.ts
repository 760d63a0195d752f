import { EnclosError } from '@enclos/errors';
import type { Digest } from './digest.ts';
import { encodeJson } from './json.ts';
import { copyManifest } from './oci/copy-manifest.ts';
import { isIndexType, mediaTypes, parseIndex, type Descriptor } from './oci/documents.ts';
import { createLayoutWriter, type LayoutWriter } from './oci/layout-writer.ts';
import {
  findImage,
  readDocument,
  refNameAnnotation,
  referrersIn,
  type FoundImage,
  type ImageSource,
} from './oci/source.ts';

/** An index of images of one program, one for each architecture. */
export interface JoinedImages {
  /** A pod names this digest of the index to run on nodes of any of the architectures. */
  readonly digest: Digest;
  readonly images: readonly { readonly architecture: string; readonly digest: Digest }[];
}

/** An image that goes into an index. */
interface Part {
  readonly source: ImageSource;
  readonly found: FoundImage;
  readonly referrers: readonly Descriptor[];
}

/**
 * Joins images of one program for different architectures into a layout with one index, which a registry serves to every node
 * under one name. Every blob is checked against its digest. What refers to an image goes along.
 * @param sources layouts that hold one image each
 * @throws OCI_LAYOUT_INVALID for images of one architecture, or that are not started alike; OCI_*
 * @example
 * await joinImages([amd64, arm64], { layoutFolder: 'agent.oci', tag: 'latest' });
 */
export async function joinImages(
  sources: readonly ImageSource[],
  { layoutFolder, tag }: { readonly layoutFolder: string; readonly tag: string },
): Promise<JoinedImages> {
  const parts = await Promise.all(sources.map(readPart));
  requireOneProgram(parts);
  const writer = await createLayoutWriter(layoutFolder);
  try {
    for (const part of parts) await copyPart(part, writer);
    const manifests = parts.map(({ found: { descriptor, config } }): Descriptor => {
      const { mediaType, digest, size } = descriptor;
      return { mediaType, digest, size, platform: { architecture: config.architecture, os: config.os } };
    });
    const index = await writer.add(
      encodeJson({ schemaVersion: 2, mediaType: mediaTypes.index, manifests }),
      mediaTypes.index,
    );
    const named = { ...index, annotations: { [refNameAnnotation]: tag } };
    await writer.finish([named, ...parts.flatMap(({ referrers }) => referrers)]);
    return Object.freeze({
      digest: index.digest,
      images: parts.map(({ found }) => ({ architecture: found.config.architecture, digest: found.descriptor.digest })),
    });
  } finally {
    await writer.discard();
  }
}

async function readPart(source: ImageSource): Promise<Part> {
  const { manifests } = parseIndex(await source.index());
  if (manifests.some(({ mediaType }) => isIndexType(mediaType))) {
    throw new EnclosError(
      'OCI_LAYOUT_INVALID',
      'One of the layouts is an index already: give the images that are in it.',
    );
  }
  // There is one image, whatever its architecture is.
  const found = await findImage(source, { architecture: 'any architecture' });
  return { source, found, referrers: await referrersIn(source, found.descriptor.digest) };
}

/** A node runs the image of its architecture, and a reference to the index stands for each of them. */
function requireOneProgram(parts: readonly Part[]): void {
  const [first, ...others] = parts;
  if (first === undefined || others.length === 0) throw refused('An index takes two images or more.');
  const architectures = new Set(parts.map(({ found: { config } }) => `${config.os}/${config.architecture}`));
  if (architectures.size < parts.length) {
    throw refused(`Two of the images are for the same architecture: ${[...architectures].join(', ')}.`);
  }
  for (const { found } of others) {
    for (const field of ['User', 'Entrypoint', 'Cmd', 'WorkingDir'] as const) {
      const [one, other] = [first.found.config.config?.[field], found.config.config?.[field]];
      if (JSON.stringify(one) !== JSON.stringify(other)) {
        throw refused(`The images are not of one program: they differ in ${field}.`);
      }
    }
  }
}

async function copyPart({ source, found, referrers }: Part, writer: LayoutWriter): Promise<void> {
  for (const descriptor of [found.descriptor, ...referrers]) {
    const bytes = await readDocument(source, descriptor);
    await copyManifest({ bytes, descriptor }, (blob) => source.open(blob), writer);
  }
}

function refused(message: string): EnclosError {
  return new EnclosError('OCI_LAYOUT_INVALID', message);
}
