import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';

const engine = new URL('../src/v8/index.js', import.meta.url).href;
/** Runs an endless loop under a debugger, then another script, and would end by itself after ten minutes. */
const program = `
  import { writeSync } from 'node:fs';
  import { v8Engine } from ${JSON.stringify(engine)};
  const prelude = [{ name: 'prelude.js', source: 'const h = host; h.register("run", (name) => h.import("/app.js")[name](h))' }];
  const modules = [{ name: '/app.js', source: 'export const endless = (h) => { h.runs(); for (;;); }; export const one = () => 1' }];
  const limits = { maxHeapBytes: 1 << 24, maxStackBytes: 1 << 20, maxExecutionMs: 1000 };
  const interpreter = v8Engine({ debugged: new URL('file:///app/') })
    .load({ prelude, modules, host: { runs: () => void writeSync(1, 'runs ') } }, limits);
  process.on('SIGINT', () => { writeSync(1, 'SIGINT'); process.exit(); });
  writeSync(1, interpreter.call('run', ['endless'], limits).kind + ' ');
  writeSync(1, interpreter.call('run', ['one'], limits).value + ' ');
  setTimeout(() => process.exit(), 10_000);
`;

test('SIGINT ends an endless loop under a debugger, and then reaches the process', async (t) => {
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => child.kill('SIGKILL'));
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
  await once(child.stdout, 'data');
  child.kill('SIGINT');
  await once(child.stdout, 'end');
  assert.equal(said, 'runs timeout 1 SIGINT');
});
