// As much of node:test as runs test files inside a worker: tests in one list, each run when asked for.
import { mock } from 'node:test';
import { SyntheticModule } from 'node:vm';

let registered = [];
let group = '';

function describe(name, body) {
  const outer = group;
  group = `${outer}${name}: `;
  body();
  group = outer;
}

function test(name, options, body = options) {
  const isSkipped = typeof options === 'object' && options.skip !== undefined && options.skip !== false;
  registered.push({ name: group + name, body, isSkipped });
}

/** In the place of node:test. */
export const testModule = new SyntheticModule(['describe', 'it', 'test'], function define() {
  this.setExport('describe', describe);
  this.setExport('it', test);
  this.setExport('test', test);
});

/** The tests of a file: `Map` of name to a function that runs it; a second of one name gets a number. */
export async function testsOf(graph, path) {
  registered = [];
  await graph.load(path);
  const tests = new Map();
  for (const { name, body, isSkipped } of registered) {
    let unique = name;
    for (let number = 2; tests.has(unique); number += 1) unique = `${name} (${number})`;
    if (!isSkipped) tests.set(unique, () => runTest(body));
  }
  return tests;
}

async function runTest(body) {
  const cleanups = [];
  try {
    await body({ after: (cleanup) => cleanups.push(cleanup), diagnostic: () => undefined, mock });
  } finally {
    mock.restoreAll();
    for (const cleanup of cleanups) await cleanup();
  }
}
