import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from '../lib/run.mjs';
import { escaped } from '../lib/text.mjs';
import { childEnvironment, root } from '../lib/workspace.mjs';

const here = (name) => fileURLToPath(new URL(name, import.meta.url));

/** With a name pattern, Node 20 reports the tests that do not match as skipped. */
const isFilteredOut = (event) => typeof event.skip === 'string' && event.skip.includes('does not match pattern');

/**
 * Programs that tests start (PostgreSQL, podman, a kubelet of the tests) make sockets below TMPDIR, whose whole path has at
 * most 107 bytes (unix(7)). What the product does below a long TMPDIR is tested by tests that name one.
 */
export const shortFolder = (folder) => (Buffer.byteLength(folder) > 40 ? '/tmp' : folder);

function readEvents(path) {
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, 'utf8').split('\n');
  // A killed process may leave half a line at the end.
  return lines.slice(0, -1).map((line) => JSON.parse(line));
}

/** Counts the events of one process. Failures that only repeat a subtest's failure are not counted again. */
export function countEvents(events) {
  const result = { passed: 0, failures: [], skipped: [], unfinished: [], ended: false, any: events.length > 0 };
  const open = new Map();
  const key = (event) => `${event.nesting} ${event.name} ${event.file} ${event.line}`;
  for (const event of events) {
    if (event.kind === 'end') result.ended = true;
    else if (event.kind === 'start') open.set(key(event), event);
    else {
      open.delete(key(event));
      if (isFilteredOut(event)) continue;
      const why = event.skip ?? event.todo;
      if (why !== undefined) result.skipped.push({ ...event, reason: why === true ? 'no reason given' : String(why) });
      else if (event.kind === 'fail' && event.failureType !== 'subtestsFailed') result.failures.push(event);
      else if (event.kind === 'pass' && !event.suite) result.passed += 1;
    }
  }
  result.unfinished = [...open.values()];
  return result;
}

/** The failure of the process itself, beside those of its tests. */
function processFailure(result, counted, limitMs) {
  const unfinished = counted.unfinished.map((event) => event.name).join(', ') || 'none on record';
  if (result.timedOut) {
    const error = `killed because no test began or ended for ${limitMs / 1000} s; unfinished tests: ${unfinished}`;
    return { name: 'time limit', error };
  }
  if (counted.ended && result.code === 0) return undefined;
  if (!counted.any && result.code === 0) return { name: 'test process', error: 'ended without a test' };
  if (counted.ended && counted.failures.length > 0) return undefined;
  const how = result.signal === null ? `exit code ${result.code}` : `signal ${result.signal}`;
  return { name: 'test process', error: `ended early (${how}); unfinished tests: ${unfinished}` };
}

/**
 * Runs one job in a process of its own. `shared` is a folder that all jobs of a run have (ENCLOS_TEST_RUN).
 * Returns `{ label, passed, failures, skipped, output, seconds }`.
 */
export async function runJob({ label, files }, { grep, limitMs, shared }) {
  const folder = mkdtempSync(join(tmpdir(), 'enclos-test-'));
  const eventsPath = join(folder, 'events');
  const args = [
    '--enable-source-maps',
    `--test-reporter=${here('reporter.mjs')}`,
    '--test-reporter-destination=stdout',
    ...(grep === undefined ? [] : [`--test-name-pattern=${escaped(grep)}`]),
    here('run-files.mjs'),
    ...files,
  ];
  try {
    const env = childEnvironment({
      ENCLOS_TEST_EVENTS: eventsPath,
      TMPDIR: shortFolder(tmpdir()),
      ...(shared === undefined ? {} : { ENCLOS_TEST_RUN: shared }),
    });
    // A record that grows is work that goes on, however slow the machine is.
    const progress = () => statSync(eventsPath, { throwIfNoEntry: false })?.size;
    const result = await run(process.execPath, args, { cwd: root, env, limitMs, progress });
    const counted = countEvents(readEvents(eventsPath));
    const failure = processFailure(result, counted, limitMs);
    const failures = failure === undefined ? counted.failures : [...counted.failures, failure];
    return {
      label,
      passed: counted.passed,
      failures,
      skipped: counted.skipped,
      output: result.output,
      seconds: result.seconds,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
