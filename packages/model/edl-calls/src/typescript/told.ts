import { didYouMean } from '@enclos/diagnostics';
import { EnclosError, isEnclosError } from '@enclos/errors';
import type { ForeignType, ForeignTypes } from '../layout/foreign.ts';

/** Names in one message. */
const mostNames = 32;

/**
 * Writes with what is told of foreign types. Where types are missing, the error names all of them, so that one run of a
 * generator is enough.
 *
 * @throws what `write` throws
 */
export function withAllUnknownTypes(foreign: ForeignTypes = {}, write: (foreign: ForeignTypes) => string): string {
  const supposed: Record<string, ForeignType> = { ...foreign };
  const missing: string[] = [];
  let first: unknown;
  for (;;) {
    try {
      const text = write(supposed);
      if (missing.length === 0) return text;
      break;
    } catch (error) {
      first ??= error;
      const type = isEnclosError(error, 'EDL_LAYOUT_UNKNOWN') ? error.details['type'] : undefined;
      // What is told wrongly is reported alone, and so is what a supposed type does not help.
      if (typeof type !== 'string' || Object.hasOwn(supposed, type) || missing.length === mostNames) break;
      missing.push(type);
      supposed[type] = { bytes: 1, alignment: 1 };
    }
  }
  if (missing.length < 2) throw first;
  const more = missing.length === mostNames ? ', and perhaps of more,' : '';
  const names = missing.map((name) => JSON.stringify(name)).join(', ');
  throw new EnclosError('EDL_LAYOUT_UNKNOWN', `The sizes of the types ${names}${more} are not known.`, {
    details: { types: missing },
    cause: first,
  });
}

/**
 * Requires that each name is an address of the interface: one that is misspelt would allow nothing, without a word.
 *
 * @param addresses All that the interface has, as they are allowed
 * @throws EDL_USER_CHECK_UNKNOWN
 */
export function requireAddresses(names: readonly string[] = [], addresses: ReadonlySet<string>): void {
  const wrong = names.find((name) => !addresses.has(name));
  if (wrong === undefined) return;
  const meant = didYouMean(wrong, addresses);
  const known = [...addresses].toSorted().slice(0, mostNames).join(', ');
  const rest =
    meant !== undefined
      ? `Did you mean "${meant}"?`
      : addresses.size === 0
        ? 'It has none.'
        : `It has ${known}${addresses.size > mostNames ? ' and others' : ''}.`;
  const message = `${JSON.stringify(wrong)} is not an unchecked address of the interface. ${rest}`;
  throw new EnclosError('EDL_USER_CHECK_UNKNOWN', message, { details: { name: wrong } });
}
