import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { startEnclave } from '@enclos/testing';
import { app } from '../src/greeter-app.edl.ts';

const folder = mkdtempSync(join(tmpdir(), 'greeter-app-'));
after(() => rmSync(folder, { recursive: true }));
const mounts = { '/in': join(folder, 'in'), '/out': join(folder, 'out') };

test('counts the words of each file, and writes the result', async () => {
  for (const mount of Object.values(mounts)) mkdirSync(mount);
  writeFileSync(join(mounts['/in'], 'b.txt'), 'three short words');
  writeFileSync(join(mounts['/in'], 'a.txt'), '');
  const enclave = await startEnclave(app, { untrusted: {}, mounts });
  const { files, result } = await enclave.call.run({ challenge: new Uint8Array(32) });
  assert.deepEqual([files, result], [2, 'a.txt: 0 words\nb.txt: 3 words']);
  assert.equal(readFileSync(join(mounts['/out'], 'result.txt'), 'utf8'), result);
});
