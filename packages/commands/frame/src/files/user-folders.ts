import { homedir } from 'node:os';
import { join } from 'node:path';
import { userCacheFolder } from '@enclos/durable';
import type { Io } from '../output/io.ts';

/** The default folder of a user's platform (XDG base directory specification). */
export function defaultStateFolder(env: Io['env']): string {
  const { XDG_STATE_HOME: stateHome, HOME: home } = env;
  // By the specification a relative path is invalid, and is ignored.
  const base = stateHome?.startsWith('/') === true ? stateHome : join(home ?? homedir(), '.local/state');
  return join(base, 'enclos');
}

/** Where compressed bases of images are kept (XDG base directory specification). */
export function layerCacheFolder(env: Io['env']): string {
  return join(userCacheFolder(env), 'layers');
}
