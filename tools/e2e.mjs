// The heavier stage of .ci/run: what a newcomer does, as a newcomer does it.
//
//   node tools/e2e.mjs [--within seconds]
//
// The first steps are strangers with packages from a registry on this machine, and what README says, in a clone of HEAD. They wait for npm and for
// each other's programs most of the time. Each other one is a torture (tests/torture), whose exit code says whether the product works.
// Two run at a time. After --within seconds no torture begins: those that are left out are named, and counted as skipped.
import { parseArgs } from 'node:util';
import { pool, run, seconds, totalsLine } from './lib/run.mjs';
import { childEnvironment, root } from './lib/workspace.mjs';

const limitMs = 900_000;
const torture = (...args) => ({
  name: `torture: ${args.join(' ')}`,
  command: ['npm', 'run', '--silent', 'torture', '--', ...args],
});
/** What is worth most comes first. */
const steps = [
  { name: 'strangers', command: [process.execPath, 'tools/strangers.mjs'], isAlwaysRun: true },
  { name: 'README in a fresh clone', command: [process.execPath, 'tools/readme.mjs'], isAlwaysRun: true },
  torture('kill-matrix', '--moments', '105', '--seed', '1'),
  // Each step of a signed enclave, its host and its platform, with each victim once.
  torture('signed-enclaves', '--moments', '91', '--seed', '1'),
  torture('disk-full', '--seed', '1'),
  torture('platform-live', '--frames', '100000', '--seed', '1'),
  torture('gate-live', '--frames', '100000', '--seed', '1'),
  torture('attestation-load', '--minutes', '1', '--seed', '1'),
  // A hostile host between the inference service and its clients, and engines and enclaves that are killed; in full with --frames 10000.
  torture('inference', '--frames', '1000', '--moments', '1', '--seed', '1'),
  torture('gate-decoder', '--frames', '300000', '--seed', '1'),
  torture('soak', '--minutes', '1', '--seed', '1'),
  torture('read-only', '--seed', '1'),
  torture('clock', '--seed', '1'),
];

const { values } = parseArgs({ options: { within: { type: 'string', default: '86400' } } });
const until = performance.now() + Number(values.within) * 1000;
if (Number.isNaN(until)) throw new Error('--within is a number of seconds.');

const totals = { passed: 0, failed: 0, skipped: 0 };
const count = (outcome, line) => {
  totals[outcome] += 1;
  console.log(line);
};

async function runStep({ name, command: [program, ...args], isAlwaysRun = false }) {
  if (!isAlwaysRun && performance.now() > until) {
    return count('skipped', `left out ${name}: it could not begin within ${seconds(Number(values.within))}`);
  }
  const result = await run(program, args, { cwd: root, env: childEnvironment(), limitMs });
  const how = result.timedOut ? `killed after ${seconds(limitMs / 1000)}` : `exit code ${result.code}`;
  const said = `${name}: ${how} (${seconds(result.seconds)})`;
  if (result.code === 0) return count('passed', `ok   ${said}: ${result.output.trimEnd().split('\n').at(-1)}`);
  console.log(result.output.trimEnd());
  return count('failed', `FAIL ${said}`);
}

await pool(
  steps.map((step) => () => runStep(step)),
  2,
);
console.log(totalsLine(totals));
process.exitCode = totals.failed > 0 ? 1 : 0;
