import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';

const module = new URL('../src/early-end.js', import.meta.url).href;
const lines = "for (let i = 0; i < 5000; i += 1) process.stdout.write('a line of help'.repeat(10) + '\\n');";

function piped(source: string): { readonly code: number | null; readonly said: string } {
  const words = [process.execPath, '--input-type=module', '-e', source];
  const script = '"$@" | head -n 1 > /dev/null; echo "${PIPESTATUS[0]}"';
  const { stdout, stderr } = spawnSync('bash', ['-c', script, 'bash', ...words], { encoding: 'utf8' });
  return { code: Number(stdout), said: stderr };
}

test('a reader that has seen enough is not a failure, and without this it is one', () => {
  const allowed = `import { allowEarlyEnd } from ${JSON.stringify(module)}; allowEarlyEnd(process.stdout); ${lines}`;
  assert.deepEqual(piped(allowed), { code: 0, said: '' });
  const { code, said } = piped(lines);
  assert.equal(code, 1);
  assert.match(said, /EPIPE/);
});
