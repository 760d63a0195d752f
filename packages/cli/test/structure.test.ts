import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { test } from 'node:test';
import { registry } from '../src/registry.ts';
import { repository } from './cli.ts';

/** The packages whose folders of `commands` make up the program. */
const sources = [
  'cli',
  'commands/consortium',
  'commands/ego',
  'commands/evidence',
  'commands/inference',
  'commands/ledger',
  'commands/platform',
].map((name) => join(repository, 'packages', name, 'src'));

interface Import {
  readonly from: string;
  readonly to: string;
}

/** Imports of other folders, by folder. Files that stand in `src` itself are the program, which only imports. */
const imports: readonly Import[] = sources.flatMap(importsBelow);

function importsBelow(source: string): readonly Import[] {
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  return files.flatMap((file) => {
    const text = readFileSync(join(source, file), 'utf8');
    const paths = [...text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)].map(([, path = '']) => path);
    return paths
      .map((path) => ({ from: dirname(file), to: relative('.', join(dirname(file), dirname(path))) || '.' }))
      .filter(({ from, to }) => from !== to);
  });
}

test('a command imports no other command', () => {
  const isCommand = (folder: string): boolean => folder.startsWith('commands/');
  assert.deepEqual(
    imports.filter(({ from, to }) => isCommand(from) && isCommand(to)),
    [],
  );
});

test('nothing imports the program: the files of src itself', () => {
  assert.deepEqual(
    imports.filter(({ to }) => to === '.'),
    [],
  );
});

test('a command is in the folder that its first word names', () => {
  for (const { name } of registry) {
    const indexes = sources.map((source) => join(source, 'commands', name[0] ?? '', 'index.ts')).filter(existsSync);
    assert.equal(indexes.length, 1, name[0]);
    const index = readFileSync(indexes[0] ?? '', 'utf8');
    assert.ok(index.includes(`entry(\n    '${name.join(' ')}'`) || index.includes(`entry('${name.join(' ')}'`));
  }
});
