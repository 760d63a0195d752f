import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { newProject, repository, temporaryFolder } from './cli.ts';

/** Writes down, in the process that it watches, every module of the bundler and of the schema library. */
const resolver = `
  import { writeSync } from 'node:fs';
  export async function resolve(specifier, context, next) {
    const found = await next(specifier, context);
    const [, name] = /node_modules.(esbuild|zod)./.exec(found.url) ?? [];
    if (name !== undefined) writeSync(2, 'LOADED ' + name + '\\n');
    return found;
  }
`;
const dataUrl = (code: string): string => `data:text/javascript,${encodeURIComponent(code)}`;
const register = `import { register } from 'node:module'; register(${JSON.stringify(dataUrl(resolver))});`;

function loadedBy(argv: readonly string[]): readonly string[] {
  const command = join(repository, 'packages/cli/bin/enclos.js');
  const { stderr } = spawnSync(process.execPath, ['--import', dataUrl(register), command, ...argv], {
    encoding: 'utf8',
  });
  return [...new Set([...stderr.matchAll(/^LOADED (\w+)$/gm)].map(([, name = '']) => name))].sort();
}

const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 3072, publicExponent: 3 });
const keyFile = join(temporaryFolder(), 'key.pem');
writeFileSync(keyFile, publicKey.export({ type: 'spki', format: 'pem' }));

for (const argv of [
  ['--version'],
  ['help'],
  ['biuld'],
  ['inspect', '--jsno'],
  ['inspect', keyFile],
  ['measure', keyFile],
  ['verify', keyFile],
]) {
  test(`enclos ${argv[0]} ${argv.length > 1 ? '… ' : ''}starts without bundler and schema library`, () => {
    assert.deepEqual(loadedBy(argv), []);
  });
}

test('and enclos build starts with both', async () => {
  assert.deepEqual(loadedBy(['build', await newProject('whole')]), ['esbuild', 'zod']);
});
