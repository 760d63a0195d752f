import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { durable, userCacheFolder } from '@enclos/durable';

const run = promisify(execFile);

/** Debian's source package. */
export const sourcePackage = 'quickjs=2025.04.26-1';
/** The SHA-256 of `quickjs_2025.04.26.orig.tar.xz`. */
const tarballSha256 = 'ec81da5b3249ed648dbc7df4a1654988910e66a118d9b71cb63534216efcfbbe';
/** What `digestOf` gives for the files in it that the build takes. */
export const filesSha256 = '93475647537c4b719efb89323d888a389001071dbd089725c562bd5aed0abd64';

/** The files that the interpreter is built from. */
export const sourceFiles = [
  'cutils.c',
  'cutils.h',
  'dtoa.c',
  'dtoa.h',
  'libregexp-opcode.h',
  'libregexp.c',
  'libregexp.h',
  'libunicode-table.h',
  'libunicode.c',
  'libunicode.h',
  'list.h',
  'quickjs-atom.h',
  'quickjs-opcode.h',
  'quickjs.c',
  'quickjs.h',
] as const;

/** The user's cache (XDG base directory specification): each clone and each worktree would fetch and build anew otherwise. */
export function cacheFolder(env: Readonly<Record<string, string | undefined>> = process.env): string {
  return join(userCacheFolder(env), 'quickjs');
}

/** A folder with the source of QuickJS as it was published. */
export interface QuickJsSource {
  readonly folder: string;
}

/**
 * Finds the source: a folder or tarball that `ENCLOS_QUICKJS_SOURCE` names, or Debian's source package, which root fetches with its own
 * state of apt, so that the machine's sources stay as they are.
 *
 * @param work an empty folder for what is fetched and unpacked
 * @returns undefined when nothing is named and this user cannot fetch it
 * @throws Error when it is not the source, or cannot be fetched
 */
export async function findSource(
  work: string,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Promise<QuickJsSource | undefined> {
  const named = env['ENCLOS_QUICKJS_SOURCE'];
  if (named !== undefined && statSync(named).isDirectory()) return checked(named);
  const cached = join(cacheFolder(env), `quickjs-${tarballSha256.slice(0, 16)}.tar.xz`);
  const tarball = named ?? (existsSync(cached) ? cached : await fetchTarball(work));
  if (tarball === undefined) return undefined;
  const content = readFileSync(tarball);
  const sha256 = createHash('sha256').update(content).digest('hex');
  if (sha256 !== tarballSha256) throw new Error(`${tarball} has the SHA-256 ${sha256}, not ${tarballSha256}.`);
  if (tarball !== cached) await durable.replace(cached, content, { mode: 0o644, folderMode: 0o700, isCache: true });
  const folder = join(work, 'source');
  mkdirSync(folder);
  await run('tar', ['-xJf', tarball, '-C', folder, '--strip-components=1']);
  return checked(folder);
}

function checked(folder: string): QuickJsSource {
  const sha256 = digestOf(folder);
  if (sha256 !== filesSha256) {
    throw new Error(`${folder} is not the source of ${sourcePackage}: its files have the SHA-256 ${sha256}.`);
  }
  return { folder };
}

function digestOf(folder: string): string {
  const digest = createHash('sha256');
  for (const name of sourceFiles) digest.update(`${name}\n`).update(readFileSync(join(folder, name)));
  return digest.digest('hex');
}

async function fetchTarball(work: string): Promise<string | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const lists = join(work, 'apt/lists/partial');
  const archives = join(work, 'apt/cache/archives/partial');
  for (const folder of [lists, archives]) mkdirSync(folder, { recursive: true });
  const sources = join(work, 'apt/sources.list');
  const keyring = '/usr/share/keyrings/debian-archive-keyring.pgp';
  writeFileSync(sources, `deb-src [signed-by=${keyring}] http://deb.debian.org/debian trixie main\n`);
  const options = [
    `Dir::Etc::sourcelist=${sources}`,
    'Dir::Etc::sourceparts=-',
    `Dir::State::lists=${join(work, 'apt/lists')}`,
    `Dir::Cache=${join(work, 'apt/cache')}`,
    'APT::Sandbox::User=root',
  ].flatMap((option) => ['-o', option]);
  try {
    await run('apt-get', [...options, '-q', 'update']);
    await run('apt-get', [...options, '-q', 'source', '--download-only', sourcePackage], { cwd: work });
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined;
    throw cause;
  }
  const name = readdirSync(work).find((entry) => entry.endsWith('.orig.tar.xz'));
  return name === undefined ? undefined : join(work, name);
}
