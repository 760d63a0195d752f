import { homedir } from 'node:os';
import { join } from 'node:path';

/** The folder of this product among a user's caches (XDG base directory specification). It may not be there. */
export function userCacheFolder(env: Readonly<Record<string, string | undefined>> = process.env): string {
  const { XDG_CACHE_HOME: cacheHome, HOME: home } = env;
  // The specification: a relative path is invalid and ignored.
  const base = cacheHome?.startsWith('/') === true ? cacheHome : join(home ?? homedir(), '.cache');
  return join(base, 'enclos');
}
