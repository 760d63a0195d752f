import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('../src/main.js', import.meta.url));

interface Ran {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

function bench(names: readonly string[], environment: Readonly<Record<string, string>>): Promise<Ran> {
  return new Promise((resolve) => {
    const options = { env: { ...process.env, ...environment }, timeout: 120_000 };
    execFile(process.execPath, [program, ...names], options, (error, stdout, stderr) => {
      // One that had to be ended has no code.
      resolve({ exitCode: error === null ? 0 : Number(error.code ?? Number.NaN), stdout, stderr });
    });
  });
}

test('a benchmark that needs vectors fails without them, and says so', async () => {
  const { exitCode, stdout, stderr } = await bench(['verify'], { ENCLOS_VECTORS: '/nowhere' });
  assert.equal(exitCode, 1);
  assert.match(
    stderr,
    /^verify could not be measured: there are no vectors at \/nowhere; name their folder in ENCLOS_VECTORS\.$/m,
  );
  assert.equal(stdout.trimEnd().split('\n').at(-1), '0 passed, 1 failed');
});
