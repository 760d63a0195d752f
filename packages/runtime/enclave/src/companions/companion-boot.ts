import './errors.ts';
import { EnclosError } from '@enclos/errors';
import type { CompanionCapabilities } from '@enclos/tee/companions';
import { isCompanion, type CompanionContext } from './companion.ts';

/**
 * Starts the code of a companion. The build's generated entry calls it with the module of the companion.
 * @throws COMPANION_INVALID, and what the code throws
 */
export async function bootCompanion(
  main: Readonly<Record<string, unknown>>,
  { channel, files, readFile, loadAddon, exit }: CompanionCapabilities,
  name: string,
): Promise<void> {
  const found = Object.values(main).filter(isCompanion);
  const [companion] = found;
  if (companion === undefined || found.length > 1) {
    throw new EnclosError('COMPANION_INVALID', `The module of "${name}" exports ${found.length} companions.`);
  }
  const requireDeclared = (path: string): void => {
    if (files.some((file) => file.path === path)) return;
    throw new EnclosError('COMPANION_NOT_DECLARED', `The companion "${name}" declares no file ${path}.`);
  };
  const context: CompanionContext = Object.freeze({
    channel,
    files,
    readFile(path: string) {
      requireDeclared(path);
      return readFile(path);
    },
    loadAddon(path: string) {
      requireDeclared(path);
      if (loadAddon !== undefined) return loadAddon(path);
      throw new EnclosError('COMPANION_NOT_DECLARED', `The companion "${name}" has no "addons" in enclave.json.`);
    },
  });
  // Without its enclave it has nothing to do.
  channel.once('close', () => exit(0));
  await companion.start(context);
}
