import { EnclosError } from '@enclos/errors';

/** Whether entries of the ledger hold a map in the clear, and to whom it belongs. */
export interface MapKind {
  readonly isPublic: boolean;
  readonly category: 'application' | 'governance' | 'internal';
}

const publicPrefix = 'public:';
const reservedPrefix = 'ccf.';

/**
 * What the name of a map says of it (CCF, doc/audit/read_write_restrictions.rst). Case counts: `PUBLIC:a` is a private map of
 * the application.
 *
 * @throws KV_NAME_RESERVED for another name in the namespace `ccf.`.
 * @example mapKind('public:ccf.gov.users.certs') // { isPublic: true, category: 'governance' }
 */
export function mapKind(name: string): MapKind {
  const isPublic = name.startsWith(publicPrefix);
  const core = isPublic ? name.slice(publicPrefix.length) : name;
  if (core.startsWith('ccf.gov.')) return { isPublic, category: 'governance' };
  if (core.startsWith('ccf.internal.')) return { isPublic, category: 'internal' };
  if (core.startsWith(reservedPrefix)) {
    throw new EnclosError(
      'KV_NAME_RESERVED',
      `Map name '${name}' includes disallowed reserved prefix '${reservedPrefix}'`,
    );
  }
  return { isPublic, category: 'application' };
}
