import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { run } from '../lib/run.mjs';
import { runFailedAgain } from '../test/again.mjs';
import { countEvents, runJob } from '../test/job.mjs';
import { longestFirst, readSeconds, writeSeconds } from '../test/order.mjs';
import { planTests } from '../test/plan.mjs';

let folder;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'enclos-runner-'));
});
after(() => rmSync(folder, { recursive: true }));

async function runSource(body, options = {}) {
  const file = join(folder, 'planted.test.mjs');
  writeFileSync(file, `import { describe, test } from 'node:test';\n${body}\n`);
  const result = await runJob({ label: 'planted', files: [file] }, { limitMs: 30_000, ...options });
  return { ...result, names: result.failures.map(({ name }) => name) };
}

const fails = "() => { throw new Error('planted'); }";

test('runner: counts passes, failures and skips, and a nested failure once', async () => {
  const result = await runSource(`
    test('a', () => {});
    test('b', ${fails});
    test('c', { skip: 'no machine' }, () => {});
    describe('suite', () => { test('d', () => {}); test('e', ${fails}); });
    test('outer', (t) => t.test('inner', ${fails}));`);
  assert.equal(result.passed, 2);
  assert.deepEqual(result.names, ['b', 'e', 'inner']);
  assert.deepEqual(
    result.skipped.map(({ name, reason }) => [name, reason]),
    [['c', 'no machine']],
  );
  assert.match(result.failures[0].error, /Error: planted\n\s+at /);
});

test('runner: a file that does not load, ends early or has no test is a failure', async () => {
  assert.match((await runSource("throw new Error('at import');")).names[0], /planted.test.mjs loads$/);
  assert.deepEqual((await runSource("test('a', () => process.exit(0));")).names, ['test process']);
  assert.deepEqual((await runSource("test('a', () => process.kill(process.pid, 'SIGKILL'));")).names, ['test process']);
  assert.deepEqual((await runSource('')).names, ['test process']);
});

test('runner: a hung test is killed and named', async () => {
  const result = await runSource("test('waits', () => new Promise(() => setInterval(() => {}, 1000)));", {
    limitMs: 1000,
  });
  assert.deepEqual(result.names, ['time limit']);
  assert.match(result.failures[0].error, /unfinished tests: waits/);
});

test('runner: a process is killed for its silence, not for its length', async () => {
  let looks = 0;
  const progress = () => Math.min((looks += 1), 4);
  const result = await run(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { limitMs: 50, progress });
  assert.ok(result.timedOut);
  // It grew to 4 in 3 looks after the first one, and the next found it as it was.
  assert.equal(looks, 5);
});

test('runner: an error after the end of a test is a failure', async () => {
  const result = await runSource(`
    test('a', () => { setTimeout(() => Promise.reject(new Error('late')), 10); });
    test('b', () => new Promise((resolve) => setTimeout(resolve, 50)));`);
  assert.deepEqual(result.names, ['error after the end of a test']);
});

test('runner: a name pattern is plain text, and tests that do not match count as nothing', async () => {
  const body = "test('verify() a', () => {}); test('verify b', () => {});";
  const result = await runSource(body, { grep: 'verify()' });
  assert.equal(result.passed, 1);
  assert.deepEqual(result.skipped, []);
  assert.deepEqual(result.names, []);
});

test('runner: without the end mark a record is not complete', () => {
  assert.equal(countEvents([{ kind: 'pass', name: 'a', nesting: 0 }]).ended, false);
});

test('runner: tests have a TMPDIR in which sockets of other programs have room', async () => {
  const long = join(folder, 'd'.repeat(120));
  mkdirSync(long);
  const { TMPDIR } = process.env;
  process.env.TMPDIR = long;
  try {
    const body = `import { tmpdir } from 'node:os';
      test('short', () => { if (tmpdir().length > 40) throw new Error(tmpdir()); });`;
    assert.equal((await runSource(body)).passed, 1);
  } finally {
    if (TMPDIR === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = TMPDIR;
  }
});

test('runner: each job is in one lane, and the fast one holds no test across packages but the few that are named', () => {
  const labels = (lane) => planTests([], lane).jobs.map(({ label }) => label);
  assert.deepEqual(new Set([...labels('fast'), ...labels('slow')]), new Set(labels()));
  const across = labels('fast').filter((label) => /(?:integration|attack|torture)-tests/.test(label));
  assert.deepEqual(
    new Set(across.map((label) => label.split(' ').at(-1))),
    new Set(['calls.process', 'remote-attestation.process', 'sealing.process']),
  );
});

test('runner: a package names its slow tests in the name of the file', () => {
  const isSlow = ({ label }) => label.endsWith('.slow.process');
  assert.ok(planTests([], 'slow').jobs.some(isSlow));
  assert.ok(!planTests([], 'fast').jobs.some(isSlow));
});

test('runner: long jobs come first, by the last run, and those that no run has measured before them', () => {
  const job = (label, lane = 'fast') => ({ label, lane });
  const jobs = [job('short'), job('long'), job('new'), job('new a.process'), job('new b.process', 'slow')];
  assert.deepEqual(
    longestFirst(jobs, { short: 1, long: 90 }).map(({ label }) => label),
    ['new b.process', 'new a.process', 'new', 'long', 'short'],
  );
});

test('runner: a run of one package keeps the seconds of the others, and what cannot be read counts as nothing', () => {
  const file = join(folder, 'state/seconds.json');
  assert.deepEqual(readSeconds(file), {});
  writeSeconds([{ label: 'a', seconds: 1.26 }], file);
  writeSeconds([{ label: 'b', seconds: 2 }], file);
  assert.deepEqual(readSeconds(file), { a: 1.3, b: 2 });
  writeFileSync(file, '{"a":');
  assert.deepEqual(readSeconds(file), {});
  writeFileSync(file, 'null');
  assert.deepEqual(readSeconds(file), {});
});

test('runner: what failed beside another job runs again alone, unless it is not a process test or too much failed', async () => {
  const failures = [{ name: 'slow' }];
  const job = (label) => ({ label });
  const outcome = async (labels, alone) => {
    const jobs = labels.map(job);
    const ran = [];
    const { results, recovered } = await runFailedAgain(
      jobs,
      jobs.map(() => ({ failures })),
      ({ label }) => {
        ran.push(label);
        return { failures: alone };
      },
    );
    return { ran, failed: results.filter((result) => result.failures.length > 0).length, recovered: recovered.length };
  };
  assert.deepEqual(await outcome(['a x.process', 'b'], []), { ran: ['a x.process'], failed: 1, recovered: 1 });
  assert.deepEqual(await outcome(['a x.process'], failures), { ran: ['a x.process'], failed: 1, recovered: 0 });
  const many = ['1', '2', '3', '4'].map((name) => `${name} x.process`);
  assert.deepEqual(await outcome(many, []), { ran: [], failed: 4, recovered: 0 });
});
