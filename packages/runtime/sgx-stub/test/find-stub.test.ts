import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { pathToFileURL } from 'node:url';
import { failsWith, runFolder } from '@enclos/testkit';
import { ownFolder } from '../src/find-stub.ts';
import { findStub } from '../src/index.ts';

const content = Buffer.from('a program');
const sha256 = createHash('sha256').update(content).digest('hex');
const record = { sha256, securityVersion: 1, compiler: 'gcc-14 14.2.0', sources: '00' };

function folderWith(json: string | undefined, program: Uint8Array | undefined = content): string {
  const folder = mkdtempSync(join(runFolder('sgx-stub'), 'found-'));
  if (program !== undefined) writeFileSync(join(folder, 'enclos-sgx-stub'), program);
  if (json !== undefined) writeFileSync(join(folder, 'enclos-sgx-stub.json'), json);
  return folder;
}

test('finds the stub with what the build says of it', () => {
  const folder = folderWith(JSON.stringify(record));
  const { sources: _sources, ...told } = record;
  assert.deepEqual(findStub(folder), { path: join(folder, 'enclos-sgx-stub'), ...told });
});

test('a program of one file has the stub in the folder beside it, and the package one above its modules', () => {
  const app = join(folderWith(undefined, undefined), 'app');
  mkdirSync(app);
  const module = pathToFileURL(join(app, 'platform.mjs')).href;
  assert.equal(ownFolder(module), join(app, '../native'));
  mkdirSync(join(app, 'native'));
  assert.equal(ownFolder(module), join(app, 'native'));
});

const refused: readonly (readonly [why: string, json: string | undefined, program?: Uint8Array])[] = [
  ['nothing was built', undefined],
  ['the record is no JSON', '{'],
  ['the record is no object', '1'],
  ['the record lacks a field', JSON.stringify({ ...record, compiler: undefined })],
  ['the security version is 0', JSON.stringify({ ...record, securityVersion: 0 })],
  ['the security version is no byte', JSON.stringify({ ...record, securityVersion: 256 })],
  ['one byte of the program is another', JSON.stringify(record), Buffer.from('b program')],
];
for (const [why, json, program] of refused) {
  test(`says so when ${why}`, () => {
    const folder = folderWith(json, program);
    assert.throws(() => findStub(folder), failsWith('STUB_MISSING'));
  });
}
