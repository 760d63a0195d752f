import { encodeJson } from '../json.ts';
import { mediaTypes, type Descriptor } from '../oci/documents.ts';
import type { LayoutWriter } from '../oci/layout-writer.ts';

/**
 * Puts a statement beside an image: a manifest whose subject the image is (image specification 1.1, "Guidelines for Artifact
 * Usage").
 * @returns the descriptor as a list of referrers has it
 */
export async function addReferrer(
  { bytes, type }: { readonly bytes: Uint8Array; readonly type: string },
  { subject, created }: { readonly subject: Descriptor; readonly created: string },
  writer: LayoutWriter,
): Promise<Descriptor> {
  const annotations = { 'org.opencontainers.image.created': created };
  const statement = await writer.add(bytes, type);
  const manifest = encodeJson({
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    artifactType: type,
    config: await writer.add(encodeJson({}), mediaTypes.empty),
    layers: [statement],
    subject: { mediaType: subject.mediaType, digest: subject.digest, size: subject.size },
    annotations,
  });
  const descriptor = await writer.add(manifest, mediaTypes.manifest);
  return Object.freeze({ ...descriptor, artifactType: type, annotations });
}
