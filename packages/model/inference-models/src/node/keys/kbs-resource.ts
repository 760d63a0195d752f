import { EnclosError } from '@enclos/errors';

/** Where a key broker keeps a secret: `kbs:///repository/type/tag`. */
export interface KbsResource {
  readonly repository: string;
  readonly type: string;
  readonly tag: string;
}

const segment = '[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}';
const resourcePattern = new RegExp(`^kbs:///(${segment})/(${segment})/(${segment})$`);

/**
 * Reads the identifier of a resource as KServe and Confidential Containers write it, without the address of a broker.
 *
 * @throws MODEL_KEY_REFUSED for anything else: a path could lead elsewhere.
 */
export function readKbsResource(text: string): KbsResource {
  const [, repository, type, tag] = resourcePattern.exec(text) ?? [];
  if (repository !== undefined && type !== undefined && tag !== undefined) return { repository, type, tag };
  throw new EnclosError(
    'MODEL_KEY_REFUSED',
    'The identifier of the key is not of the form kbs:///REPOSITORY/TYPE/TAG.',
  );
}
