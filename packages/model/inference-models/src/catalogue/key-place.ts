/** Where a key broker keeps a secret: `kbs:///repository/type/tag`. */
export interface KbsResource {
  readonly repository: string;
  readonly type: string;
  readonly tag: string;
}

/** Where the key of an encrypted model is. */
export type KeyPlace =
  | { readonly kind: 'broker'; readonly resource: KbsResource }
  /** The name of a secret of an attestation service. */
  | { readonly kind: 'release'; readonly name: string };

const segment = '[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}';
const resourcePattern = new RegExp(`^kbs:///(${segment})/(${segment})/(${segment})$`);
const releasePattern = /^release:\/\/\/([0-9A-Za-z-]{1,127})$/;

/**
 * Reads the identifier of a key: of a resource as KServe and Confidential Containers write it, without the address of a broker, or of a
 * secret of an attestation service. Undefined for anything else: a path could lead elsewhere.
 */
export function keyPlaceIn(text: string): KeyPlace | undefined {
  const [, repository, type, tag] = resourcePattern.exec(text) ?? [];
  if (repository !== undefined && type !== undefined && tag !== undefined) {
    return { kind: 'broker', resource: { repository, type, tag } };
  }
  const name = releasePattern.exec(text)?.[1];
  return name === undefined ? undefined : { kind: 'release', name };
}
