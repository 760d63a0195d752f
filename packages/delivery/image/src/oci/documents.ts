import { z } from 'zod';
import { digestPattern, type Digest } from '../digest.ts';
import { documentInvalid, parseJson } from '../json.ts';
import { limits } from '../limits.ts';

/** Media types of the OCI image specification 1.1, and those of Docker that are the same thing under another name. */
export const mediaTypes = Object.freeze({
  index: 'application/vnd.oci.image.index.v1+json',
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar',
  layerGzip: 'application/vnd.oci.image.layer.v1.tar+gzip',
  layerZstd: 'application/vnd.oci.image.layer.v1.tar+zstd',
  empty: 'application/vnd.oci.empty.v1+json',
  dockerIndex: 'application/vnd.docker.distribution.manifest.list.v2+json',
  dockerManifest: 'application/vnd.docker.distribution.manifest.v2+json',
  dockerConfig: 'application/vnd.docker.container.image.v1+json',
  dockerLayerGzip: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
});

const digest = z.string().regex(digestPattern) as unknown as z.ZodType<Digest>;
const text = z.string().max(64 * 1024);
const annotations = z.record(z.string().max(1024), text);
const architecture = z.string().max(64);

/** Other keys are for others (image specification, "Extensibility"), and left out. */
const descriptor = z.object({
  mediaType: z.string().max(255),
  digest,
  size: z.int().min(0).max(limits.blobBytes),
  artifactType: z.string().max(255).optional(),
  annotations: annotations.optional(),
  platform: z.object({ architecture, os: architecture, variant: architecture.optional() }).optional(),
});

const manifest = z.object({
  schemaVersion: z.literal(2),
  mediaType: z.enum([mediaTypes.manifest, mediaTypes.dockerManifest]).optional(),
  artifactType: z.string().max(255).optional(),
  config: descriptor,
  layers: z.array(descriptor).max(limits.layers),
  subject: descriptor.optional(),
  annotations: annotations.optional(),
});

const index = z.object({
  schemaVersion: z.literal(2),
  mediaType: z.enum([mediaTypes.index, mediaTypes.dockerIndex]).optional(),
  manifests: z.array(descriptor).max(limits.manifests),
  annotations: annotations.optional(),
});

const strings = z.array(text).max(1024);
const config = z.object({
  architecture,
  os: architecture,
  created: z.string().max(64).optional(),
  config: z
    .object({
      User: text.optional(),
      Env: strings.nullish(),
      Entrypoint: strings.nullish(),
      Cmd: strings.nullish(),
      WorkingDir: text.optional(),
      Labels: annotations.nullish(),
    })
    .optional(),
  rootfs: z.object({ type: z.literal('layers'), diff_ids: z.array(digest).max(limits.layers) }),
});

export type Descriptor = z.infer<typeof descriptor>;
export type ImageManifest = z.infer<typeof manifest>;
export type ImageIndex = z.infer<typeof index>;
export type ImageConfig = z.infer<typeof config>;

function parse<T>(schema: z.ZodType<T>, bytes: Uint8Array, what: string): T {
  const result = schema.safeParse(parseJson(bytes, what));
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const place = issue === undefined || issue.path.length === 0 ? 'it' : issue.path.join('.');
  throw documentInvalid(what, `is not one: ${place} is ${issue?.message ?? 'wrong'}`);
}

/** @throws OCI_DOCUMENT_INVALID, OCI_TOO_LARGE */
export function parseManifest(bytes: Uint8Array): ImageManifest {
  return parse(manifest, bytes, 'manifest');
}

/** @throws OCI_DOCUMENT_INVALID, OCI_TOO_LARGE */
export function parseIndex(bytes: Uint8Array): ImageIndex {
  return parse(index, bytes, 'index');
}

/** @throws OCI_DOCUMENT_INVALID, OCI_TOO_LARGE */
export function parseConfig(bytes: Uint8Array): ImageConfig {
  return parse(config, bytes, 'configuration');
}

export function isIndexType(mediaType: string): boolean {
  return mediaType === mediaTypes.index || mediaType === mediaTypes.dockerIndex;
}

export function isManifestType(mediaType: string): boolean {
  return mediaType === mediaTypes.manifest || mediaType === mediaTypes.dockerManifest;
}
