import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { isEnclosError } from '@enclos/errors';
import { createMachine } from '@enclos/provisioning';
import { startPlatform } from '../src/index.ts';
import { temporaryFolder } from './support.ts';
import { rejectsCode } from './provisioning-support.ts';

describe('a folder of the platform that cannot be written', () => {
  test('refuses a new machine', async () => {
    const file = join(temporaryFolder(), 'file');
    writeFileSync(file, '');
    await rejectsCode(createMachine(join(file, 'machine'), { separation: 'single-user' }), 'PLATFORM_STORAGE_FAILED');
  });

  test('is told to the host that starts a platform there', async () => {
    const stateFolder = temporaryFolder();
    mkdirSync(join(stateFolder, 'vendor'));
    await assert.rejects(startPlatform({ stateFolder }), (error) => {
      assert.ok(isEnclosError(error, 'PLATFORM_START_FAILED'));
      assert.equal(error.details['code'], 'PLATFORM_FOLDER_INVALID');
      assert.ok(isEnclosError(error.cause, 'PLATFORM_FOLDER_INVALID'));
      return true;
    });
  });
});
