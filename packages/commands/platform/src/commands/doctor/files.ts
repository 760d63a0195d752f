import { access, constants, readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { exists, maxKeyBytes, namesIn } from '@enclos/cli-frame/files';
import { findPemBlocks } from '@enclos/codec/pem';
import { openVendor, stateFolders } from '@enclos/software-sgx';
import { isEnclosError } from '@enclos/errors';
import { failure, info, ok, warning, type Check } from './check.ts';

const othersMask = 0o077;

async function openToOthers(path: string): Promise<string | undefined> {
  const mode = (await stat(path)).mode & 0o777;
  return (mode & othersMask) === 0 ? undefined : mode.toString(8).padStart(3, '0');
}

/** The folder that is there, and in which the first run makes the rest of the path. */
async function nearestFolder(path: string): Promise<string> {
  return (await exists(path)) || dirname(path) === path ? path : nearestFolder(dirname(path));
}

/** Whether this user can make files in a folder, and if not, why. */
async function whyNotWritable(folder: string): Promise<string | undefined> {
  if (!(await stat(folder)).isDirectory()) return `${folder} is not a folder`;
  return access(folder, constants.W_OK | constants.X_OK).then(
    () => undefined,
    () => `this user may not write in ${folder}`,
  );
}

/**
 * Whether the platform can have its folder, and whether others of this machine can read its keys.
 * @param refusal why a folder that is there takes no files
 */
export async function checkState(stateFolder: string, refusal = whyNotWritable): Promise<readonly Check[]> {
  const name = 'state folder';
  if (!(await exists(stateFolder))) {
    const why = await refusal(await nearestFolder(stateFolder));
    if (why === undefined) return [info(name, `${stateFolder} does not exist yet; the first run makes it`)];
    return [
      failure(name, `${stateFolder} does not exist and cannot be made: ${why}`, 'Name another folder with --state.'),
    ];
  }
  const { vendorFolder, machineFolder } = stateFolders(stateFolder);
  const parts = await Promise.all(
    [vendorFolder, machineFolder].map(async (path) => ((await exists(path)) ? [path] : [])),
  );
  const open = await Promise.all(parts.flat().map(async (path) => [path, await openToOthers(path)] as const));
  const problems = open.flatMap(([path, mode]) =>
    mode === undefined ? [] : [failure(name, `others can reach ${path} (mode ${mode})`, `chmod -R go= ${path}`)],
  );
  return problems.length > 0 ? problems : [ok(name, `${stateFolder}: only this user can reach its keys`)];
}

const keyLabels: ReadonlySet<string> = new Set(['PRIVATE KEY', 'RSA PRIVATE KEY', 'EC PRIVATE KEY']);
const mostKeyBlocks = 64;

/** Whether others can read the signing keys of a project. */
export async function checkKeys(projectFolder: string): Promise<readonly Check[]> {
  const paths = await Promise.all([projectFolder, join(projectFolder, '.enclos')].map(keysIn));
  const checks = await Promise.all(
    paths.flat().map(async (path) => {
      const mode = await openToOthers(path);
      if (mode === undefined) return ok('signing key', `${path}: only this user can read it`);
      return failure('signing key', `others can read ${path} (mode ${mode})`, `chmod 600 ${path}`);
    }),
  );
  return checks.length > 0 ? checks : [info('signing key', 'none in this folder; `enclos keygen` makes one')];
}

async function keysIn(folder: string): Promise<readonly string[]> {
  const names = (await namesIn(folder)) ?? [];
  const pems = names.filter((name) => name.endsWith('.pem')).map((name) => join(folder, name));
  const isKey = await Promise.all(pems.map(isPrivateKey));
  return pems.filter((_, index) => isKey[index] === true);
}

async function isPrivateKey(path: string): Promise<boolean> {
  const { size } = await stat(path);
  if (size > maxKeyBytes) return false;
  const text = await readFile(path, 'latin1').catch(() => '');
  return findPemBlocks(text, mostKeyBlocks).some(({ label }) => keyLabels.has(label));
}

/** Whether the clock can be right: collateral of the local vendor was not issued in the future. */
export async function checkClock(stateFolder: string, now: Date): Promise<Check> {
  const name = 'clock';
  const { vendorFolder } = stateFolders(stateFolder);
  const shown = now.toISOString();
  if (!(await exists(vendorFolder))) return info(name, `${shown}; there is no collateral to compare it with`);
  try {
    const { documents } = await openVendor(vendorFolder);
    if (documents === undefined) return info(name, `${shown}; the next run issues collateral to compare it with`);
    const { issueDate, nextUpdate } = documents;
    if (now < issueDate) {
      return failure(
        name,
        `${shown} is before the collateral was issued, ${issueDate.toISOString()}`,
        'Set the clock of this machine.',
      );
    }
    if (now > nextUpdate) {
      return warning(
        name,
        `the collateral ended ${nextUpdate.toISOString()}`,
        'If the clock is right, the next run issues it again.',
      );
    }
    return ok(name, `${shown} is within the dates of the collateral`);
  } catch (error) {
    if (!isEnclosError(error)) throw error;
    return failure(name, error.message, error.next);
  }
}
