import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { goProgram, goTest, runFolder } from '@enclos/testkit';
import { attestationCases } from './attestation-cases.ts';
import { goEnvironment, sdkFolder } from './probe.ts';

goTest(
  'the verifier in Go says what the one in TypeScript says, of genuine, changed and refused evidence',
  async () => {
    const cases = await attestationCases();
    assert.ok(cases.length >= 600, `${cases.length} cases`);
    const file = join(mkdtempSync(join(runFolder('go'), 'attestation-')), 'cases.json');
    writeFileSync(file, JSON.stringify(cases));
    const { status, stdout, stderr } = spawnSync(
      goProgram,
      ['test', '-count=1', '-run', '^TestSameAsTypeScript$', '-v', './attestation'],
      {
        cwd: sdkFolder,
        encoding: 'utf8',
        env: { ...goEnvironment, ENCLOS_ATTESTATION_CASES: file },
        maxBuffer: 2 ** 26,
      },
    );
    assert.equal(status, 0, `${stdout.slice(-8000)}${stderr}`);
    // A run that found no file would pass as well.
    assert.match(stdout, new RegExp(`compared ${cases.length} cases`));
  },
);
