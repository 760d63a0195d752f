import { mkdtemp, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { EnclosError } from '@enclos/errors';
import { bundleHost } from '../project/bundle-host.ts';

/**
 * Loads the module whose exports are the handlers of OCALLs, by name; or whose default export is an object of them. TypeScript is
 * bundled first, beside it, so that its packages are found.
 *
 * @throws CLI_FILE_UNREADABLE, BuildError BUILD_FAILED, CLI_FILE_INVALID
 */
export async function loadHandlers(path: string): Promise<object> {
  const found = await stat(path).catch(() => undefined);
  if (found?.isFile() !== true) {
    const message = `--ocalls: ${found === undefined ? 'there is no' : 'this is not a file:'} ${path}.`;
    throw new EnclosError('CLI_FILE_UNREADABLE', message, { details: { path } });
  }
  const folder = await mkdtemp(join(dirname(path), '.enclos-ocalls-'));
  try {
    const bundle = await bundleHost(dirname(path), basename(path), join(folder, 'ocalls.mjs'));
    return handlersOf(await load(bundle.path, path), path);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** @param source what people wrote */
async function load(path: string, source: string): Promise<unknown> {
  try {
    return await import(pathToFileURL(path).href);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    const details = { path: source };
    throw new EnclosError('CLI_FILE_INVALID', `${source} throws when it is loaded: ${why}`, {
      details,
      cause,
      next: 'Correct the module of --ocalls.',
    });
  }
}

function handlersOf(module: unknown, path: string): object {
  if (typeof module === 'object' && module !== null) {
    if (!('default' in module)) return module;
    const { default: given } = module;
    if (typeof given === 'object' && given !== null) return given;
  }
  const message = `${path} exports neither the functions of OCALLs nor an object of them as its default.`;
  throw new EnclosError('CLI_FILE_INVALID', message, { details: { path } });
}
