import { lstat } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { exists, maxKeyBytes, readSmallFile } from '@enclos/cli-frame/files';
import { shellWord } from '@enclos/command-line';
import { isInside } from '../../files/inside.ts';
import { developmentKeyFile, signingKeyFile } from './key-files.ts';
import { mrSignerOfKey } from './signer.ts';
import type { NextSealer } from './changes.ts';
import type { Sealer } from './sealer.ts';

/** Where a command is typed. */
export interface Place {
  readonly projectFolder: string;
  /** Where relative paths of the command line begin. */
  readonly cwd: string;
  /** The state folder of this user. */
  readonly defaultStateFolder: string;
}

/** What opens the state of an earlier run. */
export interface WayBack {
  /** What must be done first, or what is lost; sentences. */
  readonly first: readonly string[];
  /** A command to paste. */
  readonly command: string;
}

/** @param now what cannot open the state */
export async function wayBackTo(before: Sealer, now: NextSealer, place: Place): Promise<WayBack> {
  const keyFile = resolve(place.projectFolder, before.keyFile);
  const first: string[] = [];
  const hasKey = await isKeyOf(keyFile, before.mrSigner);
  if (!hasKey) {
    first.push(`${keyFile} no longer holds the key of MRSIGNER ${before.mrSigner}: restore it from a backup.`);
  }
  const isNewPlatform = before.platformRoot !== now.platformRoot && before.platform === now.platform;
  if (isNewPlatform) first.push(`${before.platform} has other keys than before: restore it from a backup.`);
  const members = [
    ...(before.productId === now.productId ? [] : [`"productId": ${before.productId}`]),
    ...(before.securityVersion <= now.securityVersion ? [] : [`"securityVersion": ${before.securityVersion}`]),
  ];
  if (members.length > 0) first.push(`Set ${members.join(' and ')} in enclave.json.`);
  return { first, command: await commandFor(before, keyFile, place) };
}

async function commandFor(before: Sealer, keyFile: string, place: Place): Promise<string> {
  const { projectFolder, cwd, defaultStateFolder } = place;
  const path = (absolute: string): string => shellWord(nearPath(absolute, cwd));
  const words = ['enclos run'];
  if (projectFolder !== cwd) words.push(path(projectFolder));
  if (before.debug) words.push('--debug');
  if (keyFile !== (await defaultKeyFile(projectFolder))) words.push(`--key ${path(keyFile)}`);
  if (before.isSocket) words.push(`--platform ${path(before.platform)}`);
  else if (before.platform !== defaultStateFolder) words.push(`--state ${path(before.platform)}`);
  return words.join(' ');
}

/** What `enclos run` signs with when no key is named. */
async function defaultKeyFile(projectFolder: string): Promise<string> {
  const signing = join(projectFolder, signingKeyFile);
  return (await exists(signing)) ? signing : join(projectFolder, developmentKeyFile);
}

async function isKeyOf(path: string, mrSigner: string): Promise<boolean> {
  try {
    // The path comes from a file: a pipe there would never end.
    if (!(await lstat(path)).isFile()) return false;
    return mrSignerOfKey(await readSmallFile(path, maxKeyBytes)) === mrSigner;
  } catch {
    return false;
  }
}

/** Relative inside the folder, absolute elsewhere. */
function nearPath(absolute: string, folder: string): string {
  return absolute === folder || isInside(folder, absolute) ? relative(folder, absolute) || '.' : absolute;
}
