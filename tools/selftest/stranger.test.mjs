import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { childEnvironment, root } from '../lib/workspace.mjs';

const module = (path) => JSON.stringify(pathToFileURL(join(root, 'tools', path)).href);
const head = `
import { createUser } from ${module('stranger/user.mjs')};
import { expectLines, play } from ${module('stranger/play.mjs')};
import { inOneFolder } from ${module('stranger/early-end.mjs')};
import { run } from ${module('lib/run.mjs')};
`;

/** Plays steps in a process of its own, and kills it with SIGTERM once it has printed `killAt`. */
async function played(body, { killAt } = {}) {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', head + body], { env: childEnvironment() });
  let output = '';
  let isKilled = false;
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      output += text;
      if (isKilled || killAt === undefined || !output.includes(killAt)) return;
      isKilled = child.kill('SIGTERM');
    });
  }
  const [code] = await once(child, 'close');
  const folder = /^base (.+)$/m.exec(output)?.[1];
  assert.ok(folder !== undefined, output);
  return { code, output, folder, last: output.trimEnd().split('\n').at(-1) };
}

const steps = (list, options = '') => `
const user = createUser();
console.log('base ' + user.base);
const step = (name, play, limitSeconds = 20) => ({ name, limitSeconds, play });
const passed = await play(user, [${list}], { limitSeconds: 60, ${options} });
process.exitCode = passed ? 0 : 1;
`;

/** A program that outlives the shell that starts it: it has left its group, and holds no pipe. */
const daemon = `step('starts', ({ shell }) => shell('touch file; setsid sleep 300 > /dev/null 2>&1 < /dev/null &'))`;

/** Processes with a folder in their environment, which every program of the stranger has. */
function processesOf(folder) {
  return readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/environ`, 'utf8').includes(folder);
    } catch {
      return false;
    }
  });
}

function assertNothingLeft(folder) {
  assert.ok(!existsSync(folder), `${folder} is left`);
  assert.deepEqual(processesOf(folder), []);
}

test('stranger: steps that hold pass, in an empty home that is another one than that of the runner', async () => {
  const home = `step('home', async ({ shell }) => expectLines('0\\n${process.getuid() === 0 ? '5…' : process.getuid()}\\n…/home', await shell('ls -A | wc -l; id -u; echo $HOME')))`;
  const { code, last, folder, output } = await played(steps(`${home}, ${daemon}`));
  assert.equal(last, '4 passed, 0 failed', output);
  assert.equal(code, 0);
  assertNothingLeft(folder);
});

test('stranger: a step that fails fails the script, says why, and leaves nothing', async () => {
  const { code, last, folder, output } = await played(
    steps(`${daemon}, step('breaks', ({ shell }) => shell('echo no more; exit 3')), step('is not reached', () => {})`),
  );
  assert.match(output, /^FAIL breaks \(.*\): exit code 3 of\n[^]*no more/m);
  assert.match(output, /^skip is not reached: a step before it failed$/m);
  assert.equal(last, '3 passed, 1 failed, 1 skipped', output);
  assert.equal(code, 1);
  assertNothingLeft(folder);
});

test('stranger: a step that does not print what it should fails', async () => {
  const { code, output } = await played(steps(`step('prints', ({ shell }) => shell('echo one', { prints: 'two' }))`));
  assert.match(output, /^FAIL prints \(.*\): does not print "two", but\n {4}one$/m);
  assert.equal(code, 1);
});

test('stranger: a step over its limit is killed and fails', async () => {
  const { code, last, folder, output } = await played(
    steps(`${daemon}, step('stays', ({ shell }) => shell('sleep 300'), 0.5)`),
  );
  assert.match(output, /^FAIL stays \(.*\): not ended after 0\.5 s$/m);
  assert.equal(last, '3 passed, 1 failed', output);
  assert.equal(code, 1);
  assertNothingLeft(folder);
});

test('stranger: all steps over the limit of the whole fail', async () => {
  const { code, output } = await played(steps(daemon, 'limitSeconds: 0'));
  assert.match(output, /^FAIL all of it: .*; at most 0\.0 s$/m);
  assert.equal(code, 1);
});

test('stranger: what steps made elsewhere is released after a failure, and what cannot be released fails', async () => {
  const failing = "step('breaks', () => { throw new Error('broken'); })";
  const released = await played(steps(failing, "release: async () => console.log('released')"));
  assert.match(released.output, /^released$/m);
  const held = await played(steps(daemon, "release: async () => { throw new Error('it is held'); }"));
  assert.match(held.output, /^FAIL nothing is left \(.*\): Error: it is held$/m);
  assert.equal(held.code, 1);
  assertNothingLeft(held.folder);
});

test('stranger: SIGTERM ends a step, and leaves nothing', async () => {
  const waiting = "step('waits', ({ shell }) => { console.log('waiting'); return shell('sleep 300'); })";
  const { code, folder, output } = await played(steps(`${daemon}, ${waiting}`), { killAt: 'waiting' });
  assert.match(output, /^FAIL waits \(.*\): ended by SIGTERM$/m);
  assert.equal(code, 1);
  assertNothingLeft(folder);
});

test('stranger: SIGTERM before the first step leaves nothing', async () => {
  const { code, last, folder } = await played(
    `await inOneFolder(async () => {
      console.log('base ' + process.env.TMPDIR);
      await run('sleep', ['300']);
    });`,
    { killAt: 'base' },
  );
  assert.deepEqual([code, last], [1, '0 passed, 1 failed']);
  assertNothingLeft(folder);
});
