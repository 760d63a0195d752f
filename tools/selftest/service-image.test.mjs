import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { root } from '../lib/workspace.mjs';

function run(...words) {
  const argv = [join(root, 'tools/service-image.mjs'), ...words];
  const { status, stdout, stderr } = spawnSync(process.execPath, argv, { encoding: 'utf8' });
  return { status, stdout, stderr };
}

test('service-image: says what it takes', () => {
  for (const word of ['--help', '-h']) {
    const { status, stdout, stderr } = run(word);
    assert.deepEqual([status, stderr], [0, '']);
    assert.match(stdout, /^usage: node tools\/service-image\.mjs SERVICE/);
    assert.match(stdout, /SERVICE {9}admission, .*node-agent/);
    for (const option of ['--out DIR', '--archive FILE', '--tag TAG', '--json']) {
      assert.ok(stdout.includes(option), option);
    }
  }
});

test('service-image: what it does not take is a sentence and the usage, not a trace', () => {
  for (const { words, sentence } of [
    { words: [], sentence: 'Name a service.' },
    { words: ['admission', 'node-agent'], sentence: 'Name one service.' },
    { words: ['nothing'], sentence: 'There is no services/nothing/image.json.' },
    { words: ['admission', '--what'], sentence: "Unknown option '--what'." },
  ]) {
    const { status, stderr } = run(...words);
    assert.equal(status, 2);
    assert.equal(stderr.split('\n')[0], sentence);
    assert.doesNotMatch(stderr, / at /);
  }
});
