import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { test, type TestContext } from 'node:test';

const frame = new URL('../src/program-end.js', import.meta.url).href;
/** Says when it listens, and ends at the first signal; or by itself, so that nothing is left of a test that fails. */
const program = `
  import { onProcessSignal } from ${JSON.stringify(frame)};
  const stop = onProcessSignal((signal) => { console.log(signal); stop(); process.exit(); });
  console.log('listens');
  setTimeout(() => process.exit(), 10_000);
`;

/** As npm starts a program: by a shell, which a signal to npm ends. */
async function underShell(t: TestContext, npmCommand: string): Promise<{ readonly shell: ChildProcess; said: string }> {
  const shell = spawn('sh', ['-c', '"$NODE" --input-type=module -e "$PROGRAM"; exit'], {
    env: { ...process.env, NODE: process.execPath, PROGRAM: program, npm_command: npmCommand },
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  });
  t.after(() => {
    try {
      process.kill(-(shell.pid ?? 0), 'SIGKILL');
    } catch {
      // All of it has ended.
    }
  });
  const under = { shell, said: '' };
  shell.stdout?.setEncoding('utf8').on('data', (text: string) => (under.said += text));
  await once(shell.stdout ?? shell, 'data');
  return under;
}

test('a program under npx ends when npx is ended, which ends its shell alone', async (t) => {
  const under = await underShell(t, 'exec');
  under.shell.kill('SIGTERM');
  await once(under.shell.stdout ?? under.shell, 'end');
  assert.equal(under.said, 'listens\nSIGTERM\n');
});

test('a program of a script that npm runs in the background stays', async (t) => {
  const under = await underShell(t, 'run-script');
  under.shell.kill('SIGTERM');
  await once(under.shell, 'exit');
  await new Promise((resolve) => setTimeout(resolve, 700));
  assert.equal(under.said, 'listens\n');
});
