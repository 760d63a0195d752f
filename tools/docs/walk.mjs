import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { run } from '../lib/run.mjs';
import { childEnvironment, root } from '../lib/workspace.mjs';

const limitMs = 300_000;

/**
 * Stands in for the registry: this checkout is what would be installed. The
 * other commands of npm are npm's own.
 */
const shims = {
  npx: `if [ "$1 $2" = "--no --" ]; then shift 2; elif [ "$1" = --no ]; then
  case "$3" in -*) echo "npx --no $2 takes $3 for an option of npm: write npx --no -- $2" >&2; exit 1 ;; esac
  shift
elif [ "$1" != @enclos/cli ]; then
  echo "npx $1 gets a package of that name from the registry when the project has none: write npx --no $1" >&2; exit 1
fi
case "$1" in
  @enclos/cli) shift; exec "$ENCLOS_NODE" "$ENCLOS_ROOT/packages/cli/bin/enclos.js" "$@" ;;
  enclos) shift; exec "$ENCLOS_NODE" "$ENCLOS_ROOT/packages/cli/bin/enclos.js" "$@" ;;
  enclos-admission) shift; exec "$ENCLOS_NODE" "$ENCLOS_ROOT/services/admission/bin/enclos-admission.js" "$@" ;;
  tsc) shift; exec "$ENCLOS_NODE" "$ENCLOS_ROOT/node_modules/typescript/bin/tsc" "$@" ;;
  *) echo "npx $1: not in this checkout" >&2; exit 1 ;;
esac`,
  npm: `if [ "$1" = install ]; then ln -sfn "$ENCLOS_ROOT/node_modules" node_modules; exit; fi
exec "$ENCLOS_NPM" "$@"`,
};

function writeShims(folder, npm) {
  mkdirSync(folder, { recursive: true });
  for (const [name, script] of Object.entries(shims)) {
    writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(folder, name), 0o755);
  }
  return childEnvironment({ ENCLOS_ROOT: root, ENCLOS_NODE: process.execPath, ENCLOS_NPM: npm });
}

function findNpm() {
  const { PATH = '' } = childEnvironment();
  return (
    PATH.split(':')
      .map((folder) => join(folder, 'npm'))
      .find(existsSync) ?? 'npm'
  );
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

const escaped = (text) => text.replaceAll(/[.*+?^${}()|[\]\\/]/g, String.raw`\$&`);

/** Commands that run: `sh`, and `sh until="TEXT"` for a program that stays, which is ended when it has printed the text. */
export const isCommand = (info) => info === 'sh' || untilOf(info) !== undefined;
const untilOf = (info) => /^sh until="(.+)"$/.exec(info)?.[1];

const indent = (text) => text.trimEnd().replaceAll(/^/gm, '    ');

/** An empty folder for the reader of a page. */
export function emptyFolder(name) {
  const folder = join(root, '.enclos/walkthroughs', basename(name, '.md'));
  const shimFolder = join(folder, '.bin');
  rmSync(folder, { recursive: true, force: true });
  const inherited = writeShims(shimFolder, findNpm());
  const state = { XDG_STATE_HOME: join(folder, '.state') };
  return { folder, notes: folder, env: { ...inherited, ...state, PATH: `${shimFolder}:${inherited.PATH}` } };
}

/**
 * A loop that waits for what a program in the background does has to end with that program: a page whose program could
 * not start would keep its reader waiting for ever.
 */
const isGuarded = (body) =>
  body.split('\n').every((line) => !/^\s*(?:until|while)\b/.test(line) || line.includes('kill -0 $!'));

/**
 * One reader of one page.
 * @param place where the reader begins, with which environment; `notes` is a folder for what the walk itself keeps
 * @param isSkipped tells of a block of commands whether to leave it out
 */
export function createWalk(name, { folder, notes, env }, isSkipped = () => false) {
  const where = join(notes, '.cwd');

  const runCommands = (body, cwd, until) => {
    // The folder in which the commands end is where the next ones start.
    const script = until === undefined ? `set -e\n${body}\npwd > "${where}"\n` : `exec ${body}`;
    return run('bash', ['-c', script], { cwd, env, limitMs, until });
  };

  return {
    async follow(blocks) {
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
          const how = ran.timedOut ? `not ended after ${limitMs / 1000} s` : `exit code ${ran.code}`;
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
    },
  };
}
