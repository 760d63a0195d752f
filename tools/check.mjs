// The check, in two lanes: what `npm test` runs after each change (fast), and what `npm run test:all` adds before
// anything is merged (slow): tests across packages, in whole processes, and the pages of docs/ followed step by step.
//
//   node tools/check.mjs [--lane fast|slow] [step...]
//
// Every step runs even when an earlier one failed, so that one run shows everything that is wrong.
// A step prints one line, and the first screen of its output when it failed; the whole output is
// in .enclos/check/. Each step counts as one test in the last line.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { buildStages } from './lib/build-steps.mjs';
import { pruneStaleOutputs } from './lib/prune.mjs';
import { pool, run, seconds, totalsLine } from './lib/run.mjs';
import { childEnvironment, fromRoot, root } from './lib/workspace.mjs';

const screenLines = 40;
const logs = join(root, '.enclos/check');
const totalsPath = join(logs, 'totals.json');
const bin = (path) => join(root, 'node_modules', path);
const tool = (name) => join(root, 'tools', name);

/** Steps of one stage do not depend on each other, and run two at a time. */
const stages = [
  ...buildStages,
  [
    { name: 'lint', command: [bin('oxlint/bin/oxlint'), '--type-aware', '--deny-warnings'] },
    { name: 'format', command: [bin('oxfmt/bin/oxfmt'), '--check'], hint: 'npm run format' },
    { name: 'floors', command: [tool('floors.mjs')] },
    { name: 'dead code', command: [bin('knip/bin/knip.js'), '--no-progress', '--no-config-hints'] },
    { name: 'docs', command: [tool('docs.mjs')] },
    { name: 'trusted base', command: [tool('trusted-base.mjs')], hint: 'node tools/trusted-base.mjs --write' },
  ],
  [
    // The longest first.
    { name: 'walkthroughs', command: [tool('walkthroughs.mjs')], slow: true },
    {
      name: 'packages',
      command: [tool('packages.mjs'), '--lint', '--out', join(root, '.enclos/packages')],
      slow: true,
    },
    { name: 'fuzz smoke', command: [tool('fuzz.mjs'), '--smoke'], slow: true },
    { name: 'packages inside', command: [tool('packages-inside.mjs')], slow: true },
    { name: 'Go modules', command: [tool('go.mjs')], slow: true },
  ],
  [{ name: 'tests', command: [tool('test.mjs'), '--totals', totalsPath], echo: true, hasLanes: true }],
];

/** What a lane takes on two cores, told before it begins. */
const durations = {
  fast: 'The fast lane: at most 5 minutes on two cores. Everything: npm run test:all.',
  slow: 'What the fast lane leaves: about 17 minutes on two cores.',
  all: 'Everything: about 22 minutes on two cores. The fast lane alone: npm test.',
};

function fail(message) {
  console.error(message);
  process.exit(2);
}

function readArguments() {
  try {
    const { values, positionals } = parseArgs({ allowPositionals: true, options: { lane: { type: 'string' } } });
    const lane = values.lane ?? 'all';
    if (durations[lane] === undefined) fail('--lane is fast or slow');
    return { lane, names: positionals };
  } catch (error) {
    return fail(error.message);
  }
}

/** Every lane builds: its steps and tests need it, and it costs a second when nothing changed. */
const isBuild = (step) => buildStages.flat().includes(step);

const isInLane = (step, lane) =>
  lane === 'all' || isBuild(step) || step.hasLanes === true || (step.slow === true) === (lane === 'slow');

function chooseStages({ lane, names }) {
  const known = stages.flat().map(({ name }) => name);
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0) fail(`No step named ${unknown.join(', ')}. Steps: ${known.join(', ')}`);
  return stages.map((steps) =>
    steps
      .filter((step) => isInLane(step, lane) && (names.length === 0 || names.includes(step.name)))
      .map((step) =>
        step.hasLanes && lane !== 'all' ? { ...step, command: [...step.command, '--lane', lane] } : step,
      ),
  );
}

function firstScreen(output) {
  const lines = output.trimEnd().split('\n');
  const shown = lines.slice(0, screenLines).map((line) => `  ${line}`);
  if (lines.length > screenLines) shown.push(`  … ${lines.length - screenLines} more lines`);
  return shown.join('\n');
}

async function runStep({ name, command, echo = false, hint }) {
  const result = await run(process.execPath, command, { cwd: root, env: childEnvironment(), echo });
  const passed = result.code === 0;
  const log = join(logs, `${name.replace(' ', '-')}.log`);
  writeFileSync(log, result.output);
  console.log(`${passed ? 'ok  ' : 'FAIL'} ${name} (${seconds(result.seconds)})`);
  if (!passed) {
    if (!echo) console.log(firstScreen(result.output));
    if (result.signal !== null) console.log(`  ended by ${result.signal}`);
    console.log(`  all of it: ${fromRoot(log)}${hint === undefined ? '' : `; to fix it: ${hint}`}`);
  }
  return passed;
}

/** The counts that tools/test.mjs left; nothing when it never got that far (its step has failed then). */
function testTotals() {
  try {
    return JSON.parse(readFileSync(totalsPath, 'utf8'));
  } catch {
    return { passed: 0, failed: 0, skipped: 0 };
  }
}

const options = readArguments();
const chosen = chooseStages(options);
if (options.names.length === 0) console.log(durations[options.lane]);
rmSync(logs, { recursive: true, force: true });
mkdirSync(logs, { recursive: true });
for (const file of pruneStaleOutputs()) console.log(`removed ${file}: its source is gone`);

const outcomes = [];
for (const steps of chosen) {
  outcomes.push(
    ...(await pool(
      steps.map((step) => () => runStep(step)),
      2,
    )),
  );
}

const tests = testTotals();
const failedSteps = outcomes.filter((passed) => !passed).length;
const totals = {
  passed: tests.passed + outcomes.length - failedSteps,
  failed: tests.failed + failedSteps,
  skipped: tests.skipped,
};
console.log(totalsLine(totals));
process.exitCode = totals.failed > 0 ? 1 : 0;
