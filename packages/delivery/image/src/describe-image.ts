import type { Digest } from './digest.ts';
import { findImage, referrersIn, type ImageChoice, type ImageSource } from './oci/source.ts';

/** The claims of an image. Only its digests are checked. */
export interface ImageFacts {
  readonly digest: Digest;
  readonly architecture: string;
  readonly created: string | undefined;
  readonly user: string | undefined;
  readonly entrypoint: readonly string[];
  readonly environment: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly layers: readonly { readonly digest: Digest; readonly sizeBytes: number }[];
  readonly referrers: readonly { readonly digest: Digest; readonly artifactType: string }[];
}

/** @throws OCI_LAYOUT_INVALID, OCI_DOCUMENT_INVALID, OCI_DIGEST_MISMATCH, OCI_TOO_LARGE */
export async function describeImage(source: ImageSource, choice: ImageChoice): Promise<ImageFacts> {
  const { descriptor, manifest, config } = await findImage(source, choice);
  const { User, Entrypoint, Env, Labels } = config.config ?? {};
  const referrers = await referrersIn(source, descriptor.digest);
  return Object.freeze({
    digest: descriptor.digest,
    architecture: `${config.os}/${config.architecture}`,
    created: config.created,
    user: User,
    entrypoint: Entrypoint ?? [],
    environment: Env ?? [],
    labels: Labels ?? {},
    layers: manifest.layers.map(({ digest, size }) => ({ digest, sizeBytes: size })),
    referrers: referrers.map(({ digest, artifactType = '' }) => ({ digest, artifactType })),
  });
}
