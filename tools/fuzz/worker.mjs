// Runs one fuzz target in a worker thread. The input in progress is kept in shared memory, so that
// the main thread can save it when the target never returns or takes the worker down with it.
import { parentPort, workerData } from 'node:worker_threads';
import { pathToFileURL } from 'node:url';
import { dictionaryOf, mutate } from './mutate.mjs';
import { randomFrom } from './random.mjs';

const { file, name, seed, iterations, untilMs, slowMs, shared, onlyInput } = workerData;
const state = new Int32Array(shared, 0, 2);
const current = new Uint8Array(shared, 8);

const target = await import(pathToFileURL(file).href);
const loaded = typeof target.seeds === 'function' ? await target.seeds() : target.seeds;
if (typeof target.fuzz !== 'function') throw new TypeError(`${file} does not export fuzz()`);
const seeds = loaded.length > 0 ? loaded : [new Uint8Array(0)];
const words = dictionaryOf(seeds);
const maxBytes = Math.min(current.length, Math.max(4096, ...seeds.map((bytes) => 2 * bytes.length)));

/** Errors with the same signature are the same finding: the type, the code and the place. */
function signatureOf(error) {
  if (!(error instanceof Error)) return `thrown ${typeof error}`;
  const place = /\n\s+at .*?([^/\s(]+:\d+:\d+)\)?/.exec(error.stack ?? '')?.[1] ?? '';
  return `${error.name} ${error.code ?? ''} ${place}`;
}

/** Runs the target once: undefined, or `{ signature, text }`. */
async function attempt(input) {
  // A copy, because a target may keep or change what it was given.
  const bytes = input.slice();
  state[1] = bytes.length;
  current.set(bytes);
  Atomics.add(state, 0, 1);
  const started = performance.now();
  try {
    // Most targets return nothing, and waiting for nothing takes time too.
    const running = target.fuzz(bytes);
    if (running instanceof Promise) await running;
  } catch (error) {
    return {
      signature: signatureOf(error),
      text: error instanceof Error ? (error.stack ?? error.message) : String(error),
    };
  }
  const tookMs = performance.now() - started;
  return tookMs > slowMs ? { signature: 'slow', text: `one input took ${Math.round(tookMs)} ms` } : undefined;
}

/** A slow input counts only when it is slow twice: the machine may have been busy. */
async function confirm(input, failure) {
  return failure?.signature === 'slow' ? attempt(input) : failure;
}

/** Removes ever smaller pieces for as long as the failure stays the same. */
async function minimise(input, failure) {
  const isSame = async (candidate) => (await attempt(candidate))?.signature === failure.signature;
  let best = input;
  let tries = failure.signature === 'slow' ? 20 : 2000;
  for (let size = best.length >> 1; size >= 1 && tries > 0; size >>= 1) {
    for (let at = 0; at < best.length && tries > 0; tries -= 1) {
      const candidate = Buffer.concat([best.subarray(0, at), best.subarray(at + size)]);
      if (await isSame(candidate)) best = candidate;
      else at += size;
    }
  }
  return best;
}

const known = new Set();

async function run(input) {
  const failure = await confirm(input, await attempt(input));
  if (failure === undefined || known.has(failure.signature)) return;
  known.add(failure.signature);
  const small = await minimise(input, failure);
  parentPort.postMessage({ kind: 'finding', ...failure, input: Uint8Array.from(small) });
}

if (onlyInput === undefined) {
  for (const bytes of seeds) await run(bytes.subarray(0, current.length));
  let done = 0;
  const started = performance.now();
  const endMs = started + (untilMs ?? Infinity);
  // A target that is slow once is slow often: one finding says it, and the rest of the run would take hours.
  while (done < iterations && performance.now() < endMs && !known.has('slow')) {
    const random = randomFrom(seed, name, done & 0xff, (done >> 8) & 0xff, (done >> 16) & 0xff, done >> 24);
    await run(mutate({ random, seeds, words }, maxBytes));
    done += 1;
  }
  parentPort.postMessage({ kind: 'done', iterations: done, seeds: seeds.length, ms: performance.now() - started });
} else {
  await run(onlyInput);
  parentPort.postMessage({ kind: 'done', iterations: 1, seeds: 0, ms: 0 });
}
