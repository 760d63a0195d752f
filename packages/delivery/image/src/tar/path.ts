import { EnclosError } from '@enclos/errors';
import { limits } from '../limits.ts';

export function layerInvalid(reason: string, entry = '', cause?: unknown): EnclosError {
  const at = entry === '' ? '' : ` (${JSON.stringify(entry.slice(0, 200))})`;
  return new EnclosError('OCI_LAYER_INVALID', `A layer ${reason}${at}.`, { details: { entry }, cause });
}

/**
 * The one spelling of a path in an archive. `./a`, `/a` and `a/` are `a`.
 * @throws OCI_LAYER_INVALID for a path that leads out, or that C would read otherwise.
 */
export function cleanPath(path: string): string {
  if (path === '' || path.includes('\0')) throw layerInvalid('has an entry without a name, or with a NUL in it', path);
  // As bytes it is at most three times as long.
  if (path.length > limits.pathBytes) throw layerInvalid('has a path that is too long', path);
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.includes('..')) throw layerInvalid('has a path with `..` in it', path);
  return parts.join('/');
}
