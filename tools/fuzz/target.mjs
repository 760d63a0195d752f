import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { fromRoot, root } from '../lib/workspace.mjs';

const maxInputBytes = 4 * 1024 * 1024;
/** An input that runs longer than this is a finding. */
const slowMs = 1000;
/** Without any progress for this long the target hangs: a slow input is allowed its second run. */
const hangMs = 5000;

/** Writes the input that shows a finding; returns its path from the root. */
function saveReproducer(name, input) {
  const folder = join(root, '.enclos/fuzz');
  mkdirSync(folder, { recursive: true });
  const hash = createHash('sha256').update(input).digest('hex').slice(0, 12);
  const path = join(folder, `${name.replaceAll('/', '-')}-${hash}.bin`);
  writeFileSync(path, input);
  return fromRoot(path);
}

/**
 * Runs one target to the end of its budget in a worker thread.
 * Returns `{ name, iterations, seeds, ms, findings: [{ text, path, sizeBytes }] }`.
 */
export function runTarget({ file, name }, options) {
  return new Promise((resolve) => {
    const shared = new SharedArrayBuffer(8 + maxInputBytes);
    const state = new Int32Array(shared, 0, 2);
    const worker = new Worker(new URL('worker.mjs', import.meta.url), {
      workerData: { file, name, slowMs, shared, ...options },
      resourceLimits: { maxOldGenerationSizeMb: 1024 },
    });
    const findings = [];
    const add = (text, input) => findings.push({ text, path: saveReproducer(name, input), sizeBytes: input.length });
    const inputInProgress = () => Uint8Array.from(new Uint8Array(shared, 8, state[1]));

    let last = { count: -1, at: performance.now() };
    const watch = setInterval(() => {
      const count = Atomics.load(state, 0);
      if (count !== last.count) last = { count, at: performance.now() };
      else if (count > 0 && performance.now() - last.at > hangMs) {
        add(`no answer for ${hangMs / 1000} s`, inputInProgress());
        finish({ iterations: count, seeds: 0, ms: 0 });
      }
    }, 200);

    let settled = false;
    const finish = (summary) => {
      if (settled) return;
      settled = true;
      clearInterval(watch);
      void worker.terminate();
      resolve({ name, findings, ...summary });
    };
    worker.on('message', ({ kind, text, input, ...summary }) => {
      if (kind === 'finding') add(text, input);
      else finish(summary);
    });
    worker.on('error', (error) => {
      add(`the target took its thread down: ${error.stack ?? error}`, inputInProgress());
      finish({ iterations: Atomics.load(state, 0), seeds: 0, ms: 0 });
    });
    worker.on('exit', (code) => {
      if (!settled) add(`the target ended its thread (exit code ${code})`, inputInProgress());
      finish({ iterations: Atomics.load(state, 0), seeds: 0, ms: 0 });
    });
  });
}
