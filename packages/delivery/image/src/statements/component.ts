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
