import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { completions } from '../../../src/completions.ts';
import { completionModel, shells, type Shell } from '@enclos/command-line/completions';
import { registry } from '../../../src/registry.ts';
import { commonOptions } from '@enclos/command-line';
import { enclos, temporaryFolder } from '../../cli.ts';

const folder = temporaryFolder();
for (const name of ['vault.sgxs', 'vault.sig', 'release.pem', 'policy.json', 'with space.pem', 'more.test.ts']) {
  writeFileSync(join(folder, name), '');
}
mkdirSync(join(folder, 'services'));

function isInstalled(shell: Shell): boolean {
  return spawnSync(shell, ['--version'], { stdio: 'ignore' }).status === 0;
}

const scripts = new Map<Shell, string>();
async function scriptFile(shell: Shell): Promise<string> {
  const known = scripts.get(shell);
  if (known !== undefined) return known;
  const file = join(temporaryFolder(), `_enclos`);
  writeFileSync(file, await completions(shell));
  scripts.set(shell, file);
  return file;
}

function lines(text: string): readonly string[] {
  // Some shells give names as they are typed.
  const found = text.split('\n').map((line) => line.replaceAll('\\ ', ' '));
  return [...new Set(found.filter((line) => line !== ''))].sort();
}

/** The words of a line as bash cuts them: `=` stands alone (COMP_WORDBREAKS). */
function bashWords(line: string): readonly string[] {
  return line.split(' ').flatMap((word) => word.split(/(=)/).filter((part, index) => part !== '' || index === 0));
}

async function completeBash(line: string): Promise<readonly string[]> {
  const words = bashWords(line);
  const program =
    'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _enclos; printf "%s\\n" "${COMPREPLY[@]}"';
  const ran = spawnSync('bash', ['--norc', '-c', program, 'bash', await scriptFile('bash'), ...words], {
    cwd: folder,
    encoding: 'utf8',
  });
  assert.equal(ran.stderr, '');
  return lines(ran.stdout);
}

async function completeFish(line: string): Promise<readonly string[]> {
  const ran = spawnSync(
    'fish',
    ['--no-config', '-c', 'source $argv[1]; complete -C $argv[2]', await scriptFile('fish'), line],
    {
      cwd: folder,
      encoding: 'utf8',
      env: { ...process.env, HOME: folder },
    },
  );
  assert.equal(ran.stderr, '');
  // A tab parts a candidate from its description; folders end in a slash.
  return lines(ran.stdout.replaceAll(/\t.*/g, '').replaceAll(/\/$/gm, ''));
}

const complete: Readonly<Record<'bash' | 'fish', (line: string) => Promise<readonly string[]>>> = {
  bash: completeBash,
  fish: completeFish,
};

/** The same in every shell, but for how it writes an option with its value. */
const cases: readonly (readonly [line: string, expected: readonly string[]])[] = [
  ['enclos ke', ['keygen']],
  ['enclos platform a', ['audit']],
  ['enclos platform s', ['serve', 'set-cpusvn', 'show']],
  ['enclos run --isolation ', ['best', 'strict']],
  ['enclos run --isolation b', ['best']],
  ['enclos completions ', ['bash', 'fish', 'zsh']],
  ['enclos verify --pol', ['--policy']],
  ['enclos verify --policy ', ['policy.json', 'services']],
  ['enclos sign --key ', ['release.pem', 'services', 'with space.pem']],
  ['enclos sign --key release.pem va', ['vault.sgxs']],
  ['enclos measure ', ['services', 'vault.sgxs']],
  ['enclos inspect vault.s', ['vault.sgxs', 'vault.sig']],
  ['enclos build --out ', ['services']],
  ['enclos test app.test.ts mor', ['more.test.ts']],
  ['enclos help pl', ['platform']],
  ['enclos help platform e', ['enrol']],
  ['enclos platform audit ', ['show', 'verify']],
  ['enclos help platform audit s', ['show']],
];

for (const shell of ['bash', 'fish'] as const) {
  describe(`completions of ${shell}`, { skip: isInstalled(shell) ? false : `${shell} is not installed` }, () => {
    for (const [line, expected] of cases) {
      test(JSON.stringify(line), async () => {
        assert.deepEqual(await complete[shell](line), expected);
      });
    }

    test('every command, and after each all its options', async () => {
      const first = await complete[shell]('enclos ');
      for (const entry of registry) {
        const { name } = entry;
        assert.ok(first.includes(name[0] ?? ''), name.join(' '));
        const found = await complete[shell](`enclos ${name.join(' ')} --`);
        const command = await entry.load();
        for (const option of Object.keys({ ...command.options, ...commonOptions(command) })) {
          assert.ok(found.includes(`--${option}`), `${name.join(' ')} --${option}: ${found.join(' ')}`);
        }
      }
    });
  });
}

describe('completions of bash, its own ways', { skip: isInstalled('bash') ? false : 'bash is not installed' }, () => {
  test('the value of --name=value', async () => {
    assert.deepEqual(await completeBash('enclos run --isolation='), ['best', 'strict']);
    assert.deepEqual(await completeBash('enclos run --isolation=st'), ['strict']);
  });

  test('nothing after --: those words are for the host program', async () => {
    assert.deepEqual(await completeBash('enclos run -- --iso'), []);
  });

  test('the first words, and nothing for a command that is not there', async () => {
    const { firstWords } = await completionModel('enclos', registry);
    assert.deepEqual(await completeBash('enclos '), firstWords.map(([word]) => word).sort());
    assert.deepEqual(await completeBash('enclos nothing --'), []);
  });
});

describe('completions of zsh', { skip: isInstalled('zsh') ? false : 'zsh is not installed' }, () => {
  for (const [line, expected] of cases) {
    test(JSON.stringify(line), async () => assert.deepEqual(await completeZsh(line), expected));
  }
});

/**
 * Completion of zsh works on a terminal alone, so it gets one of its own (zpty),
 * where `compadd` also writes down what it adds.
 */
async function completeZsh(line: string): Promise<readonly string[]> {
  const home = temporaryFolder();
  writeFileSync(join(home, '.zshrc'), zshSettings);
  writeFileSync(join(home, 'found'), '');
  const ran = spawnSync('zsh', ['-f', '-c', zshTerminal, 'zsh', line], {
    cwd: folder,
    encoding: 'utf8',
    timeout: 60_000,
    env: { ...process.env, ZDOTDIR: home, ENCLOS_FOUND: join(home, 'found'), ENCLOS_SCRIPT: await scriptFile('zsh') },
  });
  assert.equal(ran.status, 0, ran.stderr);
  return lines(readFileSync(join(home, 'found'), 'utf8'));
}

const zshTerminal = String.raw`
zmodload zsh/zpty
zpty terminal zsh -i
zpty -w -n terminal "$1"$'\t'
while zpty -r terminal output; do :; done
`;

const zshSettings = String.raw`
PROMPT= RPROMPT= PS2=
autoload -Uz compinit
compinit -u -D
source $ENCLOS_SCRIPT
compadd() {
  if [[ ! ${'${@[1,(i)(-|--)]}'} == *-(O|A|D)\ * ]]; then
    local -a found
    builtin compadd -A found "$@"
    (( $#found )) && print -rl -- $found >> $ENCLOS_FOUND
  fi
  builtin compadd "$@"
}
finish() { exit 0 }
comppostfuncs=(finish)
bindkey '^I' complete-word
`;

test('each script has every command and every option of the registry', async () => {
  for (const shell of shells) {
    const script = await completions(shell);
    for (const entry of registry) {
      const { name } = entry;
      assert.ok(script.includes(name.join(' ')), `${shell}: ${name.join(' ')}`);
      const command = await entry.load();
      for (const option of Object.keys(command.options)) {
        assert.match(
          script,
          new RegExp(shell === 'fish' ? `-l ${option}\\b` : `--${option}\\b`),
          `${shell}: ${option}`,
        );
      }
    }
  }
});

test('the command prints the script, and refuses a shell that it does not know', async () => {
  assert.equal((await enclos(['completions', 'bash'])).stdout, await completions('bash'));
  const refused = await enclos(['completions', 'csh']);
  assert.equal(refused.code, 2);
  assert.match(refused.stderr, /SHELL is one of bash, zsh, fish, not "csh"/);
});
