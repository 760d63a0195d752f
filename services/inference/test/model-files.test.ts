import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { runFolder } from '@enclos/testkit';
import { modelFiles } from '../src/host/model-files.ts';
import { modelPartBytes } from '../src/inference.edl.ts';

test('the host gives files of its folder alone, in parts that cross, whatever an enclave asks for', async () => {
  const folder = join(runFolder('model-files'), 'models');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'large-1.onnx'), new Uint8Array(modelPartBytes + 1));
  await writeFile(join(folder, '..', 'secret-1.onnx'), 'secret');
  const files = modelFiles(folder);
  const asked = { name: 'large', version: '1', encrypted: false, offset: 0n, sizeBytes: 2 ** 32 - 1 };
  assert.equal((await files.part(asked)).length, modelPartBytes);
  for (const [name, version] of [
    ['../secret', '1'],
    ['..', '/secret-1'],
    ['a\n', '1'],
    ['', '1'],
  ] as const) {
    await assert.rejects(files.part({ ...asked, name, version }), { code: 'INFERENCE_MODEL_MISSING' }, name);
  }
});
