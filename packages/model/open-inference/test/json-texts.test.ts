import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';

/** Reads a request of a million empty texts, in the form in which they arrive and as an array for each, and says how many bytes came of it. */
const program = `
  const { parentPort, workerData } = require('node:worker_threads');
  (async () => {
    const { parseInferRequest, byteStringsOf } = await import(workerData.module);
    const count = 1_000_000;
    const head = '{"inputs":[{"name":"texts","datatype":"BYTES","shape":[' + count + '],"data":[';
    const body = Buffer.from(head + '"",'.repeat(count - 1) + '""]}]}');
    const { inputs: [input] } = parseInferRequest(body, {});
    if (workerData.splits) byteStringsOf(input);
    parentPort.postMessage(input.data.length);
  })();`;

function read(splits: boolean): Worker {
  const workerData = { module: new URL('../src/index.js', import.meta.url).href, splits };
  return new Worker(program, { eval: true, workerData, resourceLimits: { maxOldGenerationSizeMb: 64 } });
}

test('many short texts of a request take the memory of their bytes', async () => {
  assert.deepEqual(await once(read(false), 'message'), [4_000_000]);
  // An array for each does not fit.
  await assert.rejects(once(read(true), 'message'), { code: 'ERR_WORKER_OUT_OF_MEMORY' });
});
