import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ownFrames, placeOfFrame, withoutInternalFrames } from '../src/index.ts';

const own = [
  '    at greet (/home/ada/app/src/host.ts:22:37)',
  '    at async file:///home/ada/my%20app/src/main.ts:5:17',
  '    at src/app.enclave.ts:14:7',
  '    at async Promise.all (index 0)',
];
const internal = [
  '    at begin ([eval]:45:23)',
  '    at process.processImmediate (node:internal/timers:574:21)',
  '    at new Promise (<anonymous>)',
  '    at async loadEnclave (/home/ada/app/node_modules/@enclos/host/dist/src/run/enclave.js:58:71)',
  '    at guard (../../node_modules/@enclos/enclave/src/serve.ts:160:3)',
  `    at lost (${new URL('../src/index.js', import.meta.url).pathname}:1:2)`,
];

test('only frames of the reader are left of a stack trace, and its text stays', () => {
  const text = ['EnclosError: it is gone', 'at the second line', 'node:fs was not there'];
  const trace = [...text, ...internal.slice(0, 3), ...own, ...internal.slice(3)].join('\n');
  assert.equal(withoutInternalFrames(trace), [...text, ...own].join('\n'));
  assert.deepEqual(ownFrames(trace), own);
});

test('a frame has a place, and other lines have none', () => {
  assert.deepEqual(own.map(placeOfFrame), [
    { file: '/home/ada/app/src/host.ts', line: 22, column: 37 },
    { file: 'file:///home/ada/my%20app/src/main.ts', line: 5, column: 17 },
    { file: 'src/app.enclave.ts', line: 14, column: 7 },
    undefined,
  ]);
  assert.equal(placeOfFrame('see src/app.enclave.ts:14:7'), undefined);
});
