import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { npmTemplates } from '../../../src/commands/new/create-project.ts';
import { readVersion } from '../../../src/files/version.ts';
import { enclos, errorOf, repository, temporaryFolder } from '../../cli.ts';

const version = await readVersion();

interface Entry {
  readonly name: string;
  readonly file: string;
  readonly integrity: string;
  readonly dependencies: readonly string[];
}

interface Index {
  readonly version: string;
  readonly packages: readonly Entry[];
}

/** A tarball is read by npm and not by the command: its content is of no importance here. */
function packageIn(folder: string, name: string, dependencies: readonly string[] = []): Entry {
  const file = `${name.replace('@', '').replace('/', '-')}-${version}.tgz`;
  const content = `the tarball of ${name}`;
  writeFileSync(join(folder, file), content);
  return { name, file, integrity: `sha512-${createHash('sha512').update(content).digest('base64')}`, dependencies };
}

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly overrides?: Readonly<Record<string, string>>;
}

const manifestOf = (folder: string): Manifest =>
  JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;

/** What the templates name. `@enclos/codec` is what only another package names. */
const direct = [
  ...new Set(
    npmTemplates
      .map((template) => manifestOf(join(repository, 'packages/cli/templates', template)))
      .flatMap(({ dependencies, devDependencies }) => Object.keys({ ...dependencies, ...devDependencies }))
      .filter((name) => name.startsWith('@enclos/') && name !== '@enclos/codec'),
  ),
];

/** A folder as `npm run packages` leaves it, its index changed by `change`. */
function packedFolder(change: (index: Index) => unknown = (index) => index): string {
  const folder = join(temporaryFolder(), 'packed');
  mkdirSync(folder);
  const packages = [
    ...direct.map((name) => packageIn(folder, name, name === '@enclos/edl' ? ['@enclos/codec'] : [])),
    packageIn(folder, '@enclos/codec'),
  ];
  writeFileSync(join(folder, 'packages.json'), JSON.stringify(change({ version, packages })));
  return folder;
}

for (const template of npmTemplates) {
  test(`--from: a new ${template} takes every package of Enclos from the folder, for npm and for pnpm`, async () => {
    const from = packedFolder();
    const project = join(from, '../project');
    const ran = await enclos(['new', 'project', '--template', template, '--from', 'packed'], { cwd: join(from, '..') });
    assert.equal(ran.code, 0, ran.stderr);
    const { dependencies, devDependencies, overrides = {} } = manifestOf(project);
    for (const [name, range] of Object.entries({ ...dependencies, ...devDependencies })) {
      if (!name.startsWith('@enclos/')) continue;
      assert.match(range, /^file:\.\.\/packed\/enclos-[a-z-]+-\d/, name);
      // npm refuses an override of a direct dependency that differs from it.
      assert.equal(overrides[name], range);
    }
    assert.deepEqual(Object.keys(overrides).toSorted(), [...direct, '@enclos/codec'].toSorted());
    const workspace = readFileSync(join(project, 'pnpm-workspace.yaml'), 'utf8');
    for (const [name, specifier] of Object.entries(overrides)) {
      assert.ok(workspace.includes(`  "${name}": "${specifier}"\n`), name);
      assert.ok(existsSync(join(project, specifier.slice('file:'.length))), specifier);
    }
  });
}

test('without --from a project names versions, and has no overrides', async () => {
  const cwd = temporaryFolder();
  await enclos(['new', 'plain'], { cwd });
  const { dependencies, overrides } = manifestOf(join(cwd, 'plain'));
  assert.deepEqual([dependencies['@enclos/edl'], overrides], [version, undefined]);
  assert.equal(existsSync(join(cwd, 'plain/pnpm-workspace.yaml')), false);
});

const without =
  (name: string) =>
  ({ packages, ...index }: Index): Index => ({ ...index, packages: packages.filter((each) => each.name !== name) });

const refusals: readonly (readonly [string, () => string, RegExp])[] = [
  ['a folder that is not there', () => join(temporaryFolder(), 'none'), /none does not exist\.$/],
  ['a folder without tarballs', temporaryFolder, / has no packages\.json, so it holds no packages\.$/],
  [
    'another version',
    () => packedFolder((index) => ({ ...index, version: '9.9.9' })),
    new RegExp(
      `holds packages of version 9\\.9\\.9, and this command is version ${version.replaceAll('.', '\\.')}\\.$`,
    ),
  ],
  ['a package that is missing', () => packedFolder(without('@enclos/host')), /lacks the package @enclos\/host\.$/],
  [
    'a package that only another one needs, and is missing',
    () => packedFolder(without('@enclos/codec')),
    /lacks the package @enclos\/codec\.$/,
  ],
  [
    'a tarball that is missing',
    () => {
      const folder = packedFolder();
      rmSync(join(folder, `enclos-codec-${version}.tgz`));
      return folder;
    },
    /lacks the tarball enclos-codec-[\d.]+\.tgz\.$/,
  ],
  [
    'a tarball that is a device without an end',
    () => {
      const folder = packedFolder();
      rmSync(join(folder, `enclos-codec-${version}.tgz`));
      symlinkSync('/dev/zero', join(folder, `enclos-codec-${version}.tgz`));
      return folder;
    },
    /lacks the tarball enclos-codec-[\d.]+\.tgz\.$/,
  ],
  [
    'a tarball that has changed',
    () => {
      const folder = packedFolder();
      appendFileSync(join(folder, `enclos-codec-${version}.tgz`), '!');
      return folder;
    },
    /enclos-codec-[\d.]+\.tgz is not the tarball that packages\.json describes\.$/,
  ],
  [
    'an index that leads out of the folder',
    () =>
      packedFolder((index) => ({
        ...index,
        packages: index.packages.map((each) => ({ ...each, file: `../packed/${each.file}` })),
      })),
    /is not a list of packages: packages\.json\.packages\[0\]\.file is not the name of a tarball\.$/,
  ],
  [
    'an index that is not one',
    () => packedFolder(() => []),
    /is not a list of packages: packages\.json is not an object\.$/,
  ],
];

for (const [what, makeFolder, message] of refusals) {
  test(`--from refuses ${what}, and writes no project`, async () => {
    const cwd = temporaryFolder();
    const ran = await enclos(['new', 'project', '--from', makeFolder(), '--json'], { cwd });
    assert.equal(ran.code, 2);
    const { code, message: said, next } = errorOf(ran);
    assert.equal(code, 'CLI_PACKAGES_UNUSABLE');
    assert.match(said, message);
    assert.match(next, /npm run packages/);
    assert.equal(existsSync(join(cwd, 'project')), false);
  });
}
