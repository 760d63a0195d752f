// The heavier stage of .ci/run: what a newcomer does, as a newcomer does it.
//
//   node tools/e2e.mjs
//
// The first step does what README says, in a clone of HEAD. Each other one is a torture (tests/torture), whose exit code says whether the product works.
import { run, seconds, totalsLine } from './lib/run.mjs';
import { childEnvironment, root } from './lib/workspace.mjs';

const limitMs = 600_000;
const torture = (...args) => ({
  name: `torture: ${args.join(' ')}`,
  command: ['npm', 'run', '--silent', 'torture', '--', ...args],
});
const steps = [
  { name: 'README in a fresh clone', command: [process.execPath, 'tools/readme.mjs'] },
  torture('gate-decoder', '--frames', '1000000', '--seed', '1'),
  torture('gate-live', '--frames', '100000', '--seed', '1'),
  torture('platform-live', '--frames', '100000', '--seed', '1'),
  torture('kill-matrix', '--moments', '105', '--seed', '1'),
  // Each step of a signed enclave, its host and its platform, with each victim once.
  torture('signed-enclaves', '--moments', '91', '--seed', '1'),
  torture('disk-full', '--seed', '1'),
  torture('read-only', '--seed', '1'),
  torture('clock', '--seed', '1'),
  torture('soak', '--minutes', '1', '--seed', '1'),
  torture('attestation-load', '--minutes', '1', '--seed', '1'),
];

const totals = { passed: 0, failed: 0 };
for (const { name, command } of steps) {
  const [program, ...args] = command;
  const result = await run(program, args, { cwd: root, env: childEnvironment(), limitMs, echo: true });
  const passed = result.code === 0;
  totals[passed ? 'passed' : 'failed'] += 1;
  const how = result.timedOut ? `killed after ${seconds(limitMs / 1000)}` : `exit code ${result.code}`;
  console.log(`${passed ? 'ok  ' : 'FAIL'} ${name}: ${how} (${seconds(result.seconds)})`);
}
console.log(totalsLine(totals));
process.exitCode = totals.failed > 0 ? 1 : 0;
