import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isEnclosError } from '@enclos/errors';
import { superviseEnclave } from '../src/supervise/supervise.ts';
import { createInProcessLauncher, loadOptions } from './in-process-enclave.ts';

test('the signed file of another SDK is not supervised: it is refused, with the function that loads it', async () => {
  const elf = new Uint8Array(4096);
  elf.set([0x7f, 0x45, 0x4c, 0x46]);
  const launcher = createInProcessLauncher({});
  await assert.rejects(superviseEnclave({ ...loadOptions(launcher), image: elf }), (error) => {
    assert.ok(isEnclosError(error, 'IMAGE_INVALID'));
    assert.match(`${error.message} ${error.next}`, /ELF file.*loadSgxEnclave.*not supervised/);
    return true;
  });
  assert.equal(launcher.launches(), 0);
});
