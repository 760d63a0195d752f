import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { npmPath } from '../lib/npm.mjs';
import { endGroup, run } from '../lib/run.mjs';
import { escaped, indent } from '../lib/text.mjs';
import { childEnvironment, root } from '../lib/workspace.mjs';

const blockLimitMs = 300_000;

/**
 * npx runs the command that is installed where the reader is, as the real one does and sooner, and refuses what would take
 * a package from a registry. npm is the real one; it installs a project like one before it by linking the same files.
 */
const shims = {
  npx: `if [ "$1" != --no ]; then
  echo "npx $1 gets a package of that name from the registry when the project has none: write npx --no $1" >&2; exit 1
fi
shift
if [ "$1" = -- ]; then shift; else
  case "$2" in -*) echo "npx --no $1 takes $2 for an option of npm: write npx --no -- $1" >&2; exit 1 ;; esac
fi
name=$1; shift
folder=$PWD
while [ ! -e "$folder/node_modules/.bin/$name" ]; do
  [ "$folder" = / ] && { echo "npx $name: not installed here" >&2; exit 1; }
  folder=$(dirname "$folder")
done
exec "$ENCLOS_NODE" "$folder/node_modules/.bin/$name" "$@"`,
  npm: `if [ "$*" != install ]; then exec "$ENCLOS_NPM" "$@"; fi
kept=$ENCLOS_INSTALLED/$(sed '/"name":/d' package.json | sha256sum | cut -d ' ' -f 1)
if [ -e "$kept" ] && [ ! -e node_modules ]; then exec cp -al "$kept" node_modules; fi
"$ENCLOS_NPM" install --prefer-offline --no-audit --no-fund --ignore-scripts || exit
if [ -e "$kept" ]; then exit; fi
mkdir -p "$ENCLOS_INSTALLED" && cp -al node_modules "$kept.$$"
# Another reader may have kept the same meanwhile.
mv -T "$kept.$$" "$kept" || rm -rf "$kept.$$"`,
};

function writeShims(folder, { npm, installed }) {
  mkdirSync(folder, { recursive: true });
  for (const [name, script] of Object.entries(shims)) {
    writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(folder, name), 0o755);
  }
  return childEnvironment({ ENCLOS_NODE: process.execPath, ENCLOS_NPM: npm, ENCLOS_INSTALLED: installed });
}

/** The first expected line that the output does not have in its turn; undefined when it has all. */
export function missingLine(expected, output) {
  const lines = output.split('\n').map((line) => line.trimEnd());
  let at = 0;
  for (const wanted of expected.split('\n').map((line) => line.trimEnd())) {
    if (wanted === '' || wanted === '…') continue;
    const pattern = new RegExp(
      `^${wanted
        .split('…')
        .map((part) => escaped(part))
        .join('.*')}$`,
    );
    while (at < lines.length && !pattern.test(lines[at])) at += 1;
    if (at === lines.length) return wanted;
    at += 1;
  }
  return undefined;
}

/**
 * Commands that run: `sh`, `sh until="TEXT"` for a program that stays, which is ended when it has printed the text, and `sh containers`
 * for a page that needs root and podman.
 */
export const isCommand = (info) => info === 'sh' || needsContainers(info) || untilOf(info) !== undefined;
export const needsContainers = (info) => info === 'sh containers';
const untilOf = (info) => /^sh until="(.+)"$/.exec(info)?.[1];

/** What a reader finds in a clone. A link to a folder shows its files, and what a page makes is not in the repository. */
const inClone = ['node_modules', 'package.json', 'packages', 'services', 'samples', 'docs'];

/**
 * Where the reader of a page begins: in a clone, with nothing beside it, outside this repository.
 * @param base an empty folder for all readers, which share what npm installed
 * @param packed the folder of tarballs that the clone has as `.packages`; without it, it has none
 */
export function readersPlace(name, { base, packed }) {
  const notes = join(base, basename(name, '.md'));
  const folder = join(notes, 'enclos');
  mkdirSync(folder, { recursive: true });
  for (const entry of inClone) symlinkSync(join(root, entry), join(folder, entry));
  if (packed !== undefined) cpSync(packed, join(folder, '.packages'), { recursive: true });
  const shimFolder = join(notes, '.bin');
  const inherited = writeShims(shimFolder, { npm: npmPath(), installed: join(base, '.installed') });
  const state = { XDG_STATE_HOME: join(notes, '.state') };
  return { folder, notes, env: { ...inherited, ...state, PATH: `${shimFolder}:${inherited.PATH}` } };
}

/** Uses a new folder outside the repository, and removes it unless `use` says to keep it. */
export async function inTemporaryFolder(prefix, use) {
  const base = mkdtempSync(join(tmpdir(), prefix));
  const isKept = await use(base);
  if (isKept !== true) rmSync(base, { recursive: true, force: true });
}

/**
 * A loop that waits for what a program in the background does has to end with that program: a page whose program could
 * not start would keep its reader waiting for ever.
 */
const isGuarded = (body) =>
  body.split('\n').every((line) => !/^\s*(?:until|while)\b/.test(line) || line.includes('kill -0 $!'));

/**
 * One reader of one page.
 * @param place where the reader begins, with which environment; `notes` is a folder for what the walk itself keeps, `words` start a
 *   program in a folder of the machine that the reader is on, `limitMs` says how long the next block may take
 * @param isSkipped tells of a block of commands whether to leave it out
 */
export function createWalk(
  name,
  { folder, notes, env, words = () => [], limitMs = () => blockLimitMs },
  isSkipped = () => false,
) {
  const where = join(notes, '.cwd');
  const groups = [];

  const runCommands = async (body, cwd, until) => {
    // The folder in which the commands end is where the next ones start.
    const script = until === undefined ? `set -e\n${body}\npwd > "${where}"\n` : `exec ${body}`;
    const [program, ...args] = [...words(cwd), 'bash', '-c', script];
    const ran = await run(program, args, { cwd, env, limitMs: limitMs(), until });
    groups.push(ran.group);
    return ran;
  };

  const read = async (blocks) => {
    let cwd = folder;
    let output = '';
    for (const { info, body, line } of blocks) {
      const file = /\sfile=(\S+)/.exec(info)?.[1];
      if (file !== undefined) {
        mkdirSync(dirname(join(cwd, file)), { recursive: true });
        writeFileSync(join(cwd, file), `${body}\n`);
      } else if (isCommand(info)) {
        if (isSkipped(body)) continue;
        if (!isGuarded(body)) return `  ${name}:${line}: a loop that waits ends by \`|| ! kill -0 $!\` as well`;
        const until = untilOf(info);
        const ran = await runCommands(body, cwd, until);
        output = ran.output;
        const how = ran.timedOut ? `not ended after ${ran.seconds.toFixed(0)} s` : `exit code ${ran.code}`;
        if (until !== undefined && !ran.reached) {
          return `  ${name}:${line}: does not say "${until}": ${how}\n${indent(output)}`;
        }
        if (until !== undefined) continue;
        if (ran.code !== 0) return `  ${name}:${line}: ${how}\n${indent(output)}`;
        cwd = readFileSync(where, 'utf8').trim();
      } else if (info === 'text') {
        const missing = missingLine(body, output);
        if (missing !== undefined) return `  ${name}:${line}: does not print "${missing}", but\n${indent(output)}`;
      }
    }
    return undefined;
  };

  return {
    /**
     * What a page leaves in the background, for a later block or because `kill %1` of a shell without job control does not reach
     * what npx started, ends with the page.
     */
    async follow(blocks) {
      try {
        return await read(blocks);
      } finally {
        await Promise.all(groups.map((group) => endGroup(group)));
      }
    },
  };
}
