import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { run } from '../lib/run.mjs';
import { childEnvironment, root } from '../lib/workspace.mjs';

const limitMs = 180_000;

/**
 * Stands in for the registry: this checkout is what would be installed. The
 * other commands of npm are npm's own.
 */
const shims = {
  npx: `case "$1" in
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

const indent = (text) => text.trimEnd().replaceAll(/^/gm, '    ');

/** One reader of one page, in an empty folder of its own. */
export function createWalk(name) {
  const folder = join(root, '.enclos/walkthroughs', basename(name, '.md'));
  const where = join(folder, '.cwd');
  const shimFolder = join(folder, '.bin');

  const runCommands = async (body, cwd, env) => {
    // The folder in which the commands end is where the next ones start.
    const script = `set -e\n${body}\npwd > "${where}"\n`;
    return run('bash', ['-c', script], { cwd, env, limitMs });
  };

  return {
    async follow(blocks) {
      rmSync(folder, { recursive: true, force: true });
      const inherited = writeShims(shimFolder, findNpm());
      const state = { XDG_STATE_HOME: join(folder, '.state') };
      const env = { ...inherited, ...state, PATH: `${shimFolder}:${inherited.PATH}` };
      let cwd = folder;
      let output = '';
      for (const { info, body, line } of blocks) {
        const file = /\sfile=(\S+)/.exec(info)?.[1];
        if (file !== undefined) {
          mkdirSync(dirname(join(cwd, file)), { recursive: true });
          writeFileSync(join(cwd, file), `${body}\n`);
        } else if (info === 'sh') {
          const ran = await runCommands(body, cwd, env);
          output = ran.output;
          if (ran.code !== 0) return `  ${name}:${line}: exit code ${ran.code}\n${indent(output)}`;
          cwd = readFileSync(where, 'utf8').trim();
        } else if (info === 'text') {
          const missing = missingLine(body, output);
          if (missing !== undefined) return `  ${name}:${line}: does not print "${missing}", but\n${indent(output)}`;
        }
      }
      rmSync(folder, { recursive: true, force: true });
      return undefined;
    },
  };
}
