import { toHex } from '@enclos/codec';
import { sha256 } from '@enclos/sgx/node';

/** A named part of an image. */
export interface Component {
  /** CycloneDX: `platform` is a runtime, `library` a package or shared library, `file` a single file. */
  readonly type: 'application' | 'platform' | 'library' | 'file' | 'data';
  readonly name: string;
  readonly version?: string;
  /** Package URL. */
  readonly purl?: string;
  /** 32 bytes of hex. */
  readonly sha256?: string;
  /** Where it is in the image; of packages in a bundle, the bundle. */
  readonly location?: string;
}

/** Package URL of an npm package (purl specification, type npm): the `@` of a scope is encoded. */
export function npmPurl(name: string, version: string): string {
  return `pkg:npm/${name.replace('@', '%40')}@${encodeURIComponent(version)}`;
}

/** A file of the application. */
export function fileComponent(location: string, bytes: Uint8Array): Component {
  const name = location.slice(location.lastIndexOf('/') + 1);
  return { type: 'file', name, sha256: toHex(sha256(bytes)), location };
}
