import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { dictionaryOf, mutate } from '../fuzz/mutate.mjs';
import { randomFrom } from '../fuzz/random.mjs';
import { runTarget } from '../fuzz/target.mjs';
import { root } from '../lib/workspace.mjs';

const target = (name) => ({
  name: `selftest/${name}`,
  file: fileURLToPath(new URL(`targets/${name}.mjs`, import.meta.url)),
});

/** Runs a target and takes its reproducers away again. */
async function runAndClean(name, options = {}) {
  const result = await runTarget(target(name), { seed: 1, iterations: 500, ...options });
  const inputs = result.findings.map(({ path }) => readFileSync(join(root, path)));
  for (const { path } of result.findings) if (existsSync(join(root, path))) rmSync(join(root, path));
  return { ...result, inputs };
}

test('fuzz: a target that keeps its word has no findings', async () => {
  const result = await runAndClean('sound');
  assert.deepEqual(result.findings, []);
  assert.equal(result.iterations, 500);
  assert.equal(result.seeds, 2);
});

test('fuzz: an unexpected error is one finding, with a minimal input', async () => {
  const { findings, inputs } = await runAndClean('throws');
  assert.equal(findings.length, 1);
  assert.match(findings[0].text, /TypeError: planted/);
  assert.equal(inputs[0].length, 1);
  assert.ok(inputs[0][0] > 200);
});

test('fuzz: a reproducer alone shows the finding again', async () => {
  const { findings } = await runAndClean('throws', { onlyInput: Uint8Array.from([250]) });
  assert.equal(findings.length, 1);
});

test('fuzz: an input without an answer is a finding, and the run goes on', async () => {
  const { findings, inputs } = await runAndClean('hangs');
  assert.match(findings[0].text, /no answer for 5 s/);
  assert.deepEqual([...inputs[0]], [7]);
});

test('fuzz: a target that ends its thread is a finding', async () => {
  const { findings, inputs } = await runAndClean('exits');
  assert.match(findings[0].text, /ended its thread/);
  assert.deepEqual([...inputs[0]], [1, 2]);
});

test('fuzz: the same seed gives the same inputs, another seed others', () => {
  const seeds = [Uint8Array.from({ length: 40 }, (_, index) => index)];
  const words = dictionaryOf(seeds);
  const inputs = (seed) =>
    Array.from({ length: 50 }, (_, index) =>
      Buffer.from(mutate({ random: randomFrom(seed, 'name', index), seeds, words }, 4096)).toString('hex'),
    );
  assert.deepEqual(inputs(1), inputs(1));
  assert.notDeepEqual(inputs(1), inputs(2));
  assert.ok(new Set(inputs(1)).size > 40);
});
