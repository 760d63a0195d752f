// Runs test files against mutants, each in a module graph of its own. Asked by messages, one at a time.
import { fileURLToPath } from 'node:url';
import { parentPort, workerData } from 'node:worker_threads';
import { entryIn, Graph, reaches } from './graph.mjs';
import { testModule, testsOf } from './harness.mjs';

const { sourceFolder, testFiles, seed, progress } = workerData;
const seen = new Map();

await testModule.link(() => undefined);
await testModule.evaluate();
const options = {
  isShared: (path) => !reaches(path, sourceFolder, seen),
  entryOf: (specifier) => entryIn(sourceFolder, specifier),
  substitutes: {
    'node:test': testModule,
    '@enclos/testkit': fileURLToPath(import.meta.resolve('@enclos/testkit')),
  },
  // Property tests with other inputs each time would kill a mutant today and not tomorrow.
  prepare: { 'fast-check': (namespace) => namespace.configureGlobal({ seed }) },
};

const textOf = (error) => (error instanceof Error ? `${error.name}: ${error.message}` : String(error)).slice(0, 300);

// What nobody awaits counts as well; it belongs to the test that runs.
let stray;
process.on('unhandledRejection', (error) => (stray ??= textOf(error)));
process.on('uncaughtException', (error) => (stray ??= textOf(error)));

async function failureOf(run) {
  stray = undefined;
  Atomics.add(progress, 0, 1);
  try {
    await run();
    return stray;
  } catch (error) {
    return textOf(error);
  }
}

/**
 * Runs every test once with the probed modules: how long each takes, and which probes it reaches.
 * `replaced` is of `[path, code]`, of which number N calls `__probeN`.
 */
async function baseline({ replaced }) {
  let hits;
  const takeHits = () => {
    const taken = hits?.map((reached) => [...reached]);
    hits = replaced.map(() => new Set());
    return taken;
  };
  takeHits();
  for (const index of replaced.keys()) globalThis[`__probe${index}`] = (id) => hits[index].add(id);
  const graph = new Graph(options, new Map(replaced));
  for (const [path] of replaced) await graph.load(path);
  const found = { tests: [], atLoad: takeHits(), loadHits: [] };
  for (const file of testFiles) {
    const tests = await testsOf(graph, file);
    found.loadHits.push({ file, hits: takeHits() });
    for (const [name, run] of tests) {
      const startMs = performance.now();
      const failure = await failureOf(run);
      found.tests.push({ file, name, ms: performance.now() - startMs, failure, hits: takeHits() });
    }
  }
  return found;
}

/** Runs the tests of the plan, in its order, until one fails. */
async function mutant({ path, code, plan }) {
  const graph = new Graph(options, new Map([[path, code]]));
  const files = new Map();
  for (const { file, name } of plan) {
    const failure = await failureOf(async () => {
      if (!files.has(file)) files.set(file, await testsOf(graph, file));
      // A mutant may take the case of a table away; the ordinary runner would not miss it either.
      await files.get(file).get(name)?.();
    });
    if (failure !== undefined) return { killer: { file, name }, failure };
  }
  return {};
}

const answers = { baseline, mutant };
parentPort.on('message', async ({ kind, ...request }) => {
  try {
    parentPort.postMessage({ result: await answers[kind](request) });
  } catch (error) {
    parentPort.postMessage({ error: error instanceof Error ? error.stack : String(error) });
  }
});
parentPort.postMessage({ ready: true });
