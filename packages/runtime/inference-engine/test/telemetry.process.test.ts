import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test, type TestContext } from 'node:test';
import { EnginePool } from '../src/index.ts';
import { childEngines, type EngineKind } from './kit/child-engines.ts';
import { endless, floats, loopModel, rowsModel } from './kit/graphs.ts';
import { nativeFolder } from './kit/onnxruntime.ts';

const hasStrace = spawnSync('strace', ['-V'], { stdio: 'ignore' }).status === 0;
const skip = hasStrace || process.env['CI'] !== undefined ? false : 'needs strace (apt-get install strace)';

const followed =
  'trace=socket,connect,bind,listen,sendto,sendmsg,sendmmsg,open,openat,openat2,creat,mkdir,mkdirat,rename,renameat,renameat2,unlink,unlinkat';

/** The calls that an engine makes while it loads and runs models, as strace writes them. */
async function callsOf(t: TestContext, kind: EngineKind): Promise<readonly string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'enclos-telemetry-'));
  t.after(() => rm(folder, { recursive: true }));
  const log = join(folder, 'calls');
  const engines = childEngines(1, { kind, wrapper: ['strace', '-f', '-qq', '-e', followed, '-o', log] });
  const pool = new EnginePool({ engines: engines.source });
  t.after(() => engines.close());
  const model = await pool.load({ name: 'rows', version: '1', source: rowsModel() });
  await model.run([floats('x', [1, 4], [1, 2, 3, 4])]);
  await model.unload();
  // The library has threads of its own, which telemetry would use: they get a while.
  const loop = await pool.load({ name: 'loop', version: '1', source: loopModel(), limits: { maxRunMs: 1000 } });
  await assert.rejects(loop.run(endless), { code: 'ENGINE_LIMIT_EXCEEDED' });
  pool.close();
  return (await readFile(log, 'utf8')).split('\n');
}

function isSuspect(line: string): boolean {
  const [, name = ''] = /^\d+ +(\w+)\(/.exec(line) ?? [];
  if (name === '') return false;
  return !name.startsWith('open') || /O_WRONLY|O_RDWR|O_CREAT|O_TRUNC|machine-id|\.cache\//.test(line);
}

suite('the native engine', () => {
  test(
    'telemetry silent: it opens no socket, writes no file and does not ask which machine it is on',
    { skip },
    async (t) => {
      const calls = await callsOf(t, 'native');
      assert.ok(
        calls.some((line) => line.includes('libonnxruntime')),
        'the engine was followed',
      );
      assert.deepEqual(calls.filter(isSuspect), []);
    },
  );

  test('holds no address to report to', async () => {
    const library = await readFile(join(nativeFolder(), 'libonnxruntime.so.1'), 'latin1').catch(() => '');
    assert.ok(library.length > 10_000_000);
    for (const word of ['OneCollector', 'events.data.microsoft.com', 'ORT_DISABLE_TELEMETRY', '/etc/machine-id']) {
      assert.ok(!library.includes(word), word);
    }
  });
});

suite('the engine in WebAssembly', () => {
  test('telemetry silent too: it opens no socket and writes no file', { skip }, async (t) => {
    const calls = await callsOf(t, 'wasm');
    assert.ok(
      calls.some((line) => line.includes('ort-wasm-simd-threaded.wasm')),
      'the engine was followed',
    );
    assert.deepEqual(calls.filter(isSuspect), []);
  });
});
