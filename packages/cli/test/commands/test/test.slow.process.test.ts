import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { npmTemplates } from '../../../src/commands/new/create-project.ts';
import { newProject, temporaryFolder } from '../../cli.ts';
import { descendantsOf, isRunning, startCli, waitUntil, type RunningCli } from '../../running-cli.ts';

const state = temporaryFolder();
const started: RunningCli[] = [];
after(() => started.forEach(({ child }) => child.kill('SIGKILL')));

function startTests(cwd: string, ...argv: readonly string[]): RunningCli {
  const running = startCli(['test', '--isolation=best', ...argv], { cwd, state });
  started.push(running);
  return running;
}

for (const template of npmTemplates) {
  test(`a new ${template} passes its own tests`, { timeout: 240_000 }, async () => {
    const running = startTests(await newProject('fresh', ['--template', template]));
    assert.equal(await running.ended, 0, running.text());
    assert.match(running.text(), /\n# pass [1-9]\d*\n# fail 0\n/);
  });
}

test('npm test is enclos test', { timeout: 240_000 }, async () => {
  const cwd = await newProject('scripted');
  const env = { ...process.env, XDG_STATE_HOME: state };
  const ran = spawnSync('npm', ['test', '--', '--isolation=best', '--', '--test-reporter=spec'], {
    cwd,
    env,
    encoding: 'utf8',
  });
  assert.equal(ran.status, 0, ran.stdout + ran.stderr);
  assert.match(ran.stdout, /✔ greets by name and time of day, and counts/);
});

describe('the tests of a project', () => {
  const header = `import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { startEnclave } from '@enclos/testing';
import { app } from '../src/tested.edl.ts';
const untrusted = { timeOfDay: () => 'evening' } as const;
`;

  /** A project with one test file of these lines. */
  async function projectOf(lines: string): Promise<string> {
    const cwd = await newProject('tested');
    writeFileSync(join(cwd, 'test/tested.test.ts'), `${header}${lines}`);
    return cwd;
  }

  test('fail with the code of the runner, and at the line of the source', { timeout: 240_000 }, async () => {
    const cwd = await projectOf(`interface Unused { readonly removed: string }
test('wrong', async () => {
  const enclave = await startEnclave(app, { untrusted });
  const { count }: { readonly count: number } = await enclave.call.greet({ name: 'Ada' });
  assert.equal(count, 2);
});
`);
    const running = startTests(cwd);
    assert.equal(await running.ended, 1, running.text());
    assert.match(running.text(), /\(\S+\/test\/tested\.test\.ts:10:10\)/);
    assert.match(running.text(), /\n# fail 1\n/);
  });

  test('find the files beside them by import.meta', { timeout: 240_000 }, async () => {
    const cwd = await projectOf(`import { text } from './deep/reader.ts';
test('reads', () => assert.equal(text, 'a fixture'));
`);
    mkdirSync(join(cwd, 'test/deep'));
    writeFileSync(join(cwd, 'test/deep/fixture.txt'), 'a fixture');
    const reader = `import { readFileSync } from 'node:fs';
export const text: string = readFileSync(new URL('./fixture.txt', import.meta.url), 'utf8');
`;
    writeFileSync(join(cwd, 'test/deep/reader.ts'), reader);
    const running = startTests(cwd);
    assert.equal(await running.ended, 0, running.text());
  });

  test('may start their enclave in a hook, and end it or not', { timeout: 240_000 }, async () => {
    const cwd =
      await projectOf(`let enclave: Awaited<ReturnType<typeof startEnclave<typeof app.trusted, typeof app.untrusted>>>;
before(async () => { enclave = await startEnclave(app, { untrusted }); });
test('first', async () => assert.equal((await enclave.call.greet({ name: 'Ada' })).count, 1));
test('second', async () => {
  await using other = await startEnclave(app, { untrusted });
  assert.equal((await other.call.greet({ name: 'Ada' })).count, 1);
  assert.equal((await enclave.call.greet({ name: 'Ada' })).count, 2);
});
`);
    const running = startTests(cwd);
    assert.equal(await running.ended, 0, running.text());
  });

  const endless = `test('never ends', { timeout: 600_000 }, async () => {
  const enclave = await startEnclave(app, { untrusted });
  await enclave.call.greet({ name: 'Ada' });
  console.log('waits now');
  // The end of its enclave does not end it.
  setInterval(() => undefined, 60_000);
  await new Promise(() => undefined);
});
`;

  for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
    test(`leave no process when ${signal} ends the command`, { timeout: 240_000 }, async () => {
      const running = startTests(await projectOf(endless), '--', '--test-reporter=spec');
      await running.until(/SIMULATION/);
      // Command, runner, test, platform and enclave: the enclave is in a tree of programs that start it.
      await waitUntil('all of them run', () => descendantsOf(running.child.pid ?? 0).length >= 4);
      await running.until(/waits now/);
      const processes = [running.child.pid ?? 0, ...descendantsOf(running.child.pid ?? 0)];
      running.child.kill(signal);
      await waitUntil('none of them runs', () => !processes.some(isRunning));
    });
  }

  test(
    'run as soon as what they lacked is there: a test, and an enclave that can be built',
    { timeout: 240_000 },
    async () => {
      const cwd = await newProject('tested');
      const [testFile, source] = [join(cwd, 'test/tested.test.ts'), join(cwd, 'src/tested.enclave.ts')];
      const good = readFileSync(source, 'utf8');
      rmSync(testFile);
      writeFileSync(source, 'const x = ;\n');
      const running = startTests(cwd, '--watch');
      const waitsAfter = (code: string): Promise<unknown> =>
        running.until(new RegExp(`✖ ${code}[^]*waiting for a change|waiting for a change[^]*✖ ${code}`));
      await waitsAfter('CLI_TESTS_MISSING');
      running.forget();
      writeFileSync(testFile, `${header}test('first', () => undefined);\n`);
      await waitsAfter('BUILD_FAILED');
      running.forget();
      writeFileSync(source, good);
      await running.until(/ok 1 - first[^]*waiting for a change/);
      running.child.kill('SIGINT');
      assert.equal(await running.ended, 0, running.text());
    },
  );

  test('run again after a change, also of a test that could not be built', { timeout: 240_000 }, async () => {
    const cwd = await projectOf("test('first', () => undefined);\n");
    const running = startTests(cwd, '--watch');
    await running.until(/ok 1 - first[^]*waiting for a change/);
    running.forget();
    writeFileSync(join(cwd, 'test/tested.test.ts'), 'const x = ;\n');
    await running.until(/✖ BUILD_FAILED[^]*waiting for a change|waiting for a change[^]*✖ BUILD_FAILED/);
    running.forget();
    writeFileSync(join(cwd, 'test/tested.test.ts'), `${header}test('second', () => undefined);\n`);
    await running.until(/ok 1 - second[^]*waiting for a change/);
    running.forget();
    writeFileSync(join(cwd, 'test/more.test.ts'), `${header}test('added', () => undefined);\n`);
    await running.until(/ok \d - added[^]*waiting for a change/);
    rmSync(join(cwd, 'test/more.test.ts'));
    const processes = descendantsOf(running.child.pid ?? 0);
    running.child.kill('SIGINT');
    assert.equal(await running.ended, 0, running.text());
    await waitUntil('none of them runs', () => !processes.some(isRunning));
  });
});
