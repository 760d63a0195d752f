import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fixedWaits, waitsOfTests } from '../test/waits.mjs';

/**
 * The waits of a fixed time, by file, with the reason of each. A test that waits for something that it can
 * see polls for that, with a deadline far away. Only these reasons are good:
 * - `absence`: shows that something does not happen, for which time has to pass;
 * - `pace`: the time is the input: a slow peer, a slow reader, a kill at a moment of its own;
 * - `unseen`: what it waits for cannot be seen from outside.
 */
const known = {
  'packages/cli/test/commands/consortium/broken-app.test.ts': [1, 'absence'],
  'packages/cli/test/commands/debug/debug.process.test.ts': [2, 'absence'],
  'packages/commands/frame/test/program-end.process.test.ts': [1, 'absence'],
  'packages/delivery/image/test/kill.slow.process.test.ts': [1, 'pace'],
  'packages/evidence/atls/test/fetch.test.ts': [2, 'unseen'],
  'packages/evidence/atls/test/refusals.test.ts': [2, 'pace'],
  'packages/ground/bounded/test/deadline.test.ts': [1, 'absence'],
  'packages/runtime/software-sgx/test/platform/host-folders.test.ts': [2, 'absence'],
  'packages/runtime/tee/test/audit/writer.test.ts': [1, 'absence'],
  'packages/service/service/test/stores/postgres-store.process.test.ts': [2, 'pace'],
  'packages/service/service/test/watchdog/watchdog.process.test.ts': [1, 'absence'],
  'services/admission/test/certificate-files.test.ts': [1, 'absence'],
  'services/node-agent/test/log.test.ts': [2, 'pace'],
  'services/node-agent/test/plugin/device-plugin.test.ts': [4, 'absence'],
  'services/node-agent/test/pod.program.ts': [2, 'pace'],
  'services/node-agent/test/software-device.process.test.ts': [1, 'pace'],
  'tests/integration/test/attestation-flood.process.test.ts': [1, 'pace'],
  'tests/integration/test/attestation-managers.process.test.ts': [1, 'absence'],
  'tests/integration/test/attestation-replicas.process.test.ts': [1, 'absence'],
  'tests/integration/test/hostile-frames.process.test.ts': [1, 'pace'],
  'tests/integration/test/hostile-host-streams.process.test.ts': [3, 'absence'],
  'tests/integration/test/tls-template.process.test.ts': [1, 'pace'],
};

test('waits: no test waits for a fixed time but those that say why', () => {
  const found = waitsOfTests();
  const differing = [...new Set([...Object.keys(found), ...Object.keys(known)])]
    .map((file) => ({ file, found: found[file] ?? 0, known: known[file]?.[0] ?? 0 }))
    .filter((row) => row.found !== row.known);
  assert.deepEqual(differing, [], 'wait for the condition in a loop, or name the reason in this file');
});

const heads = "import { setTimeout as sleep } from 'node:timers/promises';\n";

test('waits: a wait outside a loop that polls is one of a fixed time, however it is written', () => {
  const rows = {
    'await sleep(5);': [2],
    'await new Promise((resolve) => setTimeout(resolve, 5));': [2],
    'await new Promise<void>((done) => setTimeout(done, 5));': [2],
    'for (const each of [1]) await sleep(each);': [2],
    'while (true) [].map(async () => { await sleep(5); });': [2],
    'const f = async () => {\n  await sleep(5);\n};': [3],
  };
  for (const [source, lines] of Object.entries(rows)) {
    assert.deepEqual(fixedWaits('planted.ts', `${heads}${source}\n`), lines, source);
  }
});

test('waits: what polls a condition, or bounds one, is not', () => {
  for (const source of [
    'while (!holds()) await sleep(5);',
    'for (;;) { if (holds()) break; await sleep(5); }',
    'do { await sleep(5); } while (!holds());',
    'await Promise.race([ended, sleep(5000)]);',
    'await other(5);',
  ]) {
    assert.deepEqual(fixedWaits('planted.ts', `${heads}${source}\n`), [], source);
  }
});
