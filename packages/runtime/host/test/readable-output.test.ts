import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readableOutput } from '../src/debug/readable-output.ts';

const reason = 'An error that its code did not catch ended the enclave with code 1.';

test('of an uncaught error its text and places are left, without the bundle, the loader and Node', () => {
  const output = [
    reason,
    'enclave.js:1',
    'var a=1;'.repeat(500),
    '              ^',
    '',
    'Error: rejected',
    '    at src/app.enclave.ts:14:21',
    '    at begin ([eval]:45:23)',
    '    at process.processImmediate (node:internal/timers:574:21)',
    '',
    'Node.js v24.18.0',
  ];
  assert.equal(readableOutput(output.join('\n')), `${reason}\nError: rejected\n    at src/app.enclave.ts:14:21`);
});

test('of a full heap the sentence is left', () => {
  const sentence = 'FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory';
  const output = `${reason}\n<--- Last few GCs --->\n\n[1:0x1]  660 ms: Mark-Compact\n\n${sentence}\n----- Native stack trace -----\n 1: 0x931db0 [node]`;
  assert.equal(readableOutput(output), `${reason}\n${sentence}`);
});

test('a text of one line stays', () => {
  for (const text of ['', reason, 'x'.repeat(1000)]) assert.equal(readableOutput(text), text);
});
