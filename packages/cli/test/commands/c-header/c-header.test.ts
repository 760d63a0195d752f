import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { enclos } from '../../cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'enclos-c-header-'));
after(() => rmSync(folder, { recursive: true }));
const source = readFileSync(fileURLToPath(new URL('../../../../../../sdk/c/enclos.h', import.meta.url)), 'utf8');

test('the C header is printed, or written, as it is in the repository', async () => {
  assert.equal((await enclos(['c-header'])).stdout, source);
  const file = join(folder, 'enclos.h');
  const { code, stdout } = await enclos(['c-header', '--out', file]);
  assert.equal(code, 0);
  assert.match(stdout, /wrote .*enclos\.h/);
  assert.equal(readFileSync(file, 'utf8'), source);
  assert.match((await enclos(['c-header', '--out', file])).stdout, /up to date/);
});
