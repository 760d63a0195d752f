import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EnclosError, isEnclosError } from '@enclos/errors';
import { pinnedInterpreter, type EnclaveManifest } from '@enclos/manifest';
import { manifestFields } from '@enclos/testkit';
import { createDebugging } from '../src/debug/debugging.ts';
import type { DeveloperTool } from '../src/debug/developer-tool.ts';
import { sourcePositions } from '../src/debug/source-positions.ts';

const manifest = manifestFields(pinnedInterpreter, { name: 'demo' });
const debug: EnclaveManifest = { ...manifest, debug: true };

/** One segment: line 1, column 1 of the script is line 3, column 5 of the source. */
const sourceMap = JSON.stringify({ version: 3, sources: ['src/a.ts'], names: [], mappings: 'AAEI' });
const trace = 'Error: no\n    at f (enclave.js:1:1)\n    at node:net:1:1';
const mapped = 'Error: no\n    at f (src/a.ts:3:5)\n    at node:net:1:1';
const shown = 'Error: no\n    at f (src/a.ts:3:5)';

function toolOf(inspects: boolean, level = 3): DeveloperTool {
  return { inspects, logLevel: () => level, started: () => undefined, takeInspector: () => undefined };
}

test('places of the script become places of the sources, and others stay', () => {
  const positions = sourcePositions(sourceMap);
  assert.equal(positions(trace), mapped);
  for (const text of ['', 'enclave.js', 'xenclave.js:1:1', 'enclave.js:1', 'enclave.js:99999999:1']) {
    assert.equal(positions(text), text);
  }
});

test('failures of a debug enclave lead to its sources; those of a production enclave are not touched', async () => {
  const error = new EnclosError('ENCLAVE_CALL_FAILED', trace, { details: { a: 1 } });
  const inDebug = createDebugging(debug, { sourceMap });
  await assert.rejects(inDebug.outcome(Promise.reject(error)), (found) => {
    assert.ok(isEnclosError(found, 'ENCLAVE_CALL_FAILED'));
    assert.deepEqual([found.message, found.details, found.cause], [shown, { a: 1 }, error]);
    assert.match(found.next, /^Correct the code that the error of the debug enclave points to/);
    return true;
  });
  const plain = new EnclosError('ENCLAVE_LOST');
  await assert.rejects(inDebug.outcome(Promise.reject(plain)), (found) => found === plain);
  const other = new Error(trace);
  await assert.rejects(inDebug.outcome(Promise.reject(other)), (found) => found === other);
  await assert.rejects(
    createDebugging(manifest, { sourceMap }).outcome(Promise.reject(error)),
    (found) => found === error,
  );
  assert.equal(await inDebug.outcome(Promise.resolve(7)), 7);
});

test('the end of a debug enclave points to its sources', () => {
  const exit = { exitCode: 4, signal: undefined, detail: `The enclave could not start.\n${trace}` };
  assert.equal(createDebugging(debug, { sourceMap }).exit(exit).detail, `The enclave could not start.\n${shown}`);
});

test('an inspector of a production enclave is refused', () => {
  assert.throws(
    () => createDebugging(manifest, { developerTool: toolOf(true) }),
    (error) => isEnclosError(error, 'LAUNCH_INSPECTOR_REFUSED'),
  );
});

test('calls of an inspected enclave have no deadline, and all others keep theirs', () => {
  const { signal } = new AbortController();
  const options = { timeoutMs: 5, signal };
  assert.deepEqual(createDebugging(debug, { developerTool: toolOf(true) }).callOptions(options), { signal });
  for (const developerTool of [undefined, toolOf(false)]) {
    const debugging = createDebugging(debug, { developerTool });
    assert.equal(debugging.callOptions(options), options);
    assert.deepEqual(debugging.limits, {});
  }
});

test('the log is filtered by the level that the tool wants', () => {
  const lines: string[] = [];
  const { onLog } = createDebugging(debug, {
    sourceMap,
    developerTool: toolOf(false, 1),
    onLog: (level, text) => lines.push(`${level} ${text}`),
  });
  for (const level of [0, 1, 2, 3]) onLog?.(level, 'at enclave.js:1:1');
  assert.deepEqual(lines, ['error at src/a.ts:3:5', 'warn at src/a.ts:3:5']);
  assert.equal(createDebugging(debug, {}).onLog, undefined);
});

test('a tool that leaves the log to the program changes nothing of it', () => {
  const observer: DeveloperTool = { ...toolOf(false), logLevel: () => undefined };
  assert.equal(createDebugging(debug, { developerTool: observer }).onLog, undefined);
  const levels: string[] = [];
  const { onLog } = createDebugging(debug, { developerTool: observer, onLog: (level) => levels.push(level) });
  for (const level of [0, 1, 2, 3, 4]) onLog?.(level, 'a line');
  assert.deepEqual(levels, ['error', 'warn', 'info', 'debug', 'trace']);
});
