// Runs the compiled tests of the workspaces.
//
//   node tools/test.mjs [package...] [--lane fast|slow] [--grep text] [--limit seconds] [--totals file]
//
// Why not `node --test`: it starts a process for each file, which makes a run of
// small files ten to thirty times slower, and it does not print one plain total.
// --limit is how long no test may begin or end before the process is killed.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { pool, seconds, totalsLine } from './lib/run.mjs';
import { fromRoot } from './lib/workspace.mjs';
import { runFailedAgain } from './test/again.mjs';
import { runJob, shortFolder } from './test/job.mjs';
import { longestFirst, readSeconds, writeSeconds } from './test/order.mjs';
import { planTests } from './test/plan.mjs';

const usage =
  'usage: node tools/test.mjs [package...] [--lane fast|slow] [--grep text] [--limit seconds] [--totals file]';

function readArguments() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        grep: { type: 'string' },
        lane: { type: 'string' },
        limit: { type: 'string', default: '300' },
        totals: { type: 'string' },
      },
    });
    const limitMs = Number(values.limit) * 1000;
    if (!(limitMs > 0)) throw new Error('--limit is a number of seconds');
    if (!['fast', 'slow', undefined].includes(values.lane)) throw new Error('--lane is fast or slow');
    return { ...values, limitMs, plan: planTests(positionals, values.lane) };
  } catch (error) {
    console.error(`${error.message}\n${usage}`);
    process.exit(2);
  }
}

const indent = (text) => text.replaceAll(/^(?=.)/gm, '    ');

function printJob(job) {
  const mark = job.failures.length > 0 ? 'FAIL' : 'ok  ';
  const line = totalsLine({ passed: job.passed, failed: job.failures.length, skipped: job.skipped.length });
  console.log(`${mark} ${job.label}: ${line} (${seconds(job.seconds)})`);
  for (const { name, error, file, line: at } of job.failures) {
    const place = file === undefined ? '' : `\n    at ${fromRoot(file)}:${at}`;
    console.log(`  failed: ${name}${place}\n${indent(error)}`);
  }
  if (job.failures.length > 0 && job.output.trim() !== '') {
    console.log(`  what the test process printed:\n${indent(job.output.trimEnd())}`);
  }
}

const { grep, limitMs, totals: totalsPath, plan } = readArguments();
for (const file of plan.stale) console.log(`stale, not run (its source is gone): ${fromRoot(file)}`);
for (const file of plan.unbuilt) console.log(`FAIL not compiled, so not run: ${fromRoot(file)} (npx tsc -b --force)`);

// What tests make once for all of a run: images of enclaves, the base of container images.
const shared = mkdtempSync(join(shortFolder(tmpdir()), 'enclos-run-of-tests-'));
process.once('exit', () => rmSync(shared, { recursive: true, force: true }));

const runPrinted = async (job) => {
  const result = await runJob(job, { grep, limitMs, shared });
  printJob(result);
  return result;
};
const jobs = longestFirst(plan.jobs, readSeconds());
const { results, recovered } = await runFailedAgain(
  jobs,
  await pool(
    jobs.map((job) => () => runPrinted(job)),
    2,
  ),
  runPrinted,
);
for (const { label, failures } of recovered) {
  console.log(`passed alone: ${label}, after it failed beside another: ${failures.map(({ name }) => name).join(', ')}`);
}

/** One line a reason, with how many: a list of names hides that one program is missing. */
function printSkips(skipped) {
  const counts = new Map();
  for (const { reason } of skipped) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  for (const [reason, count] of counts) console.log(`skipped ${count}: ${reason}`);
}
printSkips(results.flatMap((result) => result.skipped));

const sum = (count) => results.reduce((total, result) => total + count(result), 0);
const totals = {
  passed: sum((result) => result.passed),
  failed: sum((result) => result.failures.length) + plan.unbuilt.length,
  skipped: sum((result) => result.skipped.length),
};
// A name pattern leaves out tests, and with them most of the time.
if (grep === undefined) writeSeconds(results);
if (totalsPath !== undefined) writeFileSync(totalsPath, JSON.stringify(totals));
if (totals.passed + totals.failed === 0) console.log('No test ran.');
console.log(totalsLine(totals));
process.exitCode = totals.failed > 0 || totals.passed === 0 ? 1 : 0;
