import type { Component } from '../statements/component.ts';
import type { PackedLayer } from '../layer/pack-layer.ts';

/** The base under the application. Its blobs are in the layout already. */
export interface PreparedBase {
  /** `node`, `debian`, or the digest of another base: of its manifest, or of the archive of its root folder. */
  readonly name: string;
  readonly layers: readonly PackedLayer[];
  /** Its variables, `NAME=VALUE`. */
  readonly environment: readonly string[];
  /** The known components of the base, each with a hash. */
  readonly components: readonly Component[];
  /** It came from the cache. */
  readonly cached: boolean;
}

/** The architectures of Node, as OCI and npm name them. */
export const architectures = Object.freeze({
  amd64: { npm: 'linux-x64', libraryFolder: '/usr/lib/x86_64-linux-gnu' },
  arm64: { npm: 'linux-arm64', libraryFolder: '/usr/lib/aarch64-linux-gnu' },
} as const);

export type Architecture = keyof typeof architectures;

/** Where the one Node of an image is. */
export const interpreterPath = '/usr/local/bin/node';

/** The user of an image. No account of a distribution has this number. */
export const imageUser = 65_532;
