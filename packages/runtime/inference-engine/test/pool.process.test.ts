import assert from 'node:assert/strict';
import { after, suite, test } from 'node:test';
import { until } from '@enclos/testkit';
import type { Tensor } from '@enclos/open-inference';
import { EnginePool, type PooledModel, type RunReport } from '../src/index.ts';
import { childEngines } from './kit/child-engines.ts';
import {
  endless,
  floats,
  gatherModel,
  identityModel,
  loopModel,
  rounds,
  rowsModel,
  wholes,
  zerosModel,
} from './kit/graphs.ts';

const seconds = (count: number): readonly Tensor[] => rounds(BigInt(count * 1_000_000));

suite('a pool of two engines', () => {
  const engines = childEngines(2);
  const runs: RunReport[] = [];
  const pool = new EnginePool({ engines: engines.source, observer: { ran: (run) => runs.push(run) } });
  after(() => {
    pool.close();
    engines.close();
  });

  test('a model says what it takes and gives, in every engine', async () => {
    const model = await pool.load({
      name: 'rows',
      version: '1',
      source: rowsModel(),
      warmUp: [[floats('x', [1, 4], [0, 0, 0, 0])]],
    });
    assert.deepEqual(model.inputs, [{ name: 'x', datatype: 'FP32', shape: [-1, 4] }]);
    assert.deepEqual(model.outputs, [{ name: 'y', datatype: 'FP32', shape: [-1, 4] }]);
    assert.equal(model.engines, 2);
    assert.equal(pool.find('rows'), model);
    assert.equal(pool.find('rows', '2'), undefined);
    await assert.rejects(pool.load({ name: 'rows', version: '1', source: rowsModel() }), {
      code: 'ENGINE_INVALID_ARGUMENT',
    });
    await model.unload();
    assert.equal(pool.find('rows'), undefined);
    await assert.rejects(model.run([floats('x', [1, 4], [1, 2, 3, 4])]), { code: 'ENGINE_MODEL_UNKNOWN' });
  });

  test('inputs that the model does not take are refused before an engine sees them', async () => {
    const model = await pool.load({
      name: 'rows',
      version: '1',
      source: rowsModel(),
      limits: { maxDimension: 8, maxInputBytes: 256 },
    });
    const good = floats('x', [1, 4], [1, 2, 3, 4]);
    const refused: [string, readonly Tensor[]][] = [
      ['ENGINE_INPUT_REFUSED', []],
      ['ENGINE_INPUT_REFUSED', [good, good]],
      ['ENGINE_INPUT_REFUSED', [{ ...good, name: 'z' }]],
      ['ENGINE_INPUT_REFUSED', [{ ...good, datatype: 'INT32' }]],
      ['ENGINE_INPUT_REFUSED', [{ ...good, shape: [4, 1] }]],
      ['ENGINE_INPUT_REFUSED', [{ ...good, shape: [4] }]],
      ['INFERENCE_TENSOR_INVALID', [{ ...good, data: new Uint8Array(15) }]],
      ['INFERENCE_TENSOR_INVALID', [{ ...good, shape: [-1, 4] }]],
      [
        'ENGINE_LIMIT_EXCEEDED',
        [
          floats(
            'x',
            [9, 4],
            Array.from({ length: 36 }, () => 0),
          ),
        ],
      ],
      ['ENGINE_LIMIT_EXCEEDED', [{ ...good, data: new Uint8Array(257) }]],
    ];
    for (const [code, tensors] of refused) await assert.rejects(model.run(tensors), { code }, JSON.stringify(tensors));
    await assert.rejects(model.run([good], { outputs: ['z'] }), { code: 'ENGINE_INPUT_REFUSED' });
    await assert.rejects(model.run([good], { outputs: ['y', 'y'] }), { code: 'ENGINE_INPUT_REFUSED' });
    assert.equal((await model.run([good], { outputs: [] })).length, 1);
    await model.unload();
  });

  test('a run that fails is an error without the values, and the engine serves on', async () => {
    const model = await pool.load({ name: 'gather', version: '1', source: gatherModel() });
    await assert.rejects(model.run([wholes('places', [1], [7_654_321n])]), (error: Error) => {
      assert.equal(Reflect.get(error, 'code'), 'ENGINE_RUN_FAILED');
      assert.ok(!error.message.includes('7654321'));
      return true;
    });
    const [taken] = await model.run([wholes('places', [2], [2n, 0n])]);
    assert.deepEqual(new Int32Array(taken?.data.slice().buffer ?? []), Int32Array.of(30, 10));
    assert.equal(engines.started, 2);
    await model.unload();
  });

  test('outputs above the limit of the model are not sent', async () => {
    const model = await pool.load({
      name: 'zeros',
      version: '1',
      source: zerosModel(),
      limits: { maxOutputBytes: 4096 },
    });
    const [output] = await model.run([wholes('shape', [1], [1024n])]);
    assert.equal(output?.data.byteLength, 4096);
    await assert.rejects(model.run([wholes('shape', [1], [1025n])]), { code: 'ENGINE_LIMIT_EXCEEDED' });
    await assert.rejects(model.run([wholes('shape', [1], [2n ** 42n])]), { code: 'ENGINE_RUN_FAILED' });
    assert.equal(engines.started, 2);
    await model.unload();
  });

  test('a model that is none is refused with the reason of the engine, and one that is too large before it is sent', async () => {
    const none = new Uint8Array(64).fill(7);
    await assert.rejects(pool.load({ name: 'none', version: '1', source: none }), {
      code: 'ENGINE_MODEL_REFUSED',
      message: /protobuf/i,
    });
    const small = { maxModelBytes: 63 };
    await assert.rejects(pool.load({ name: 'none', version: '1', source: none, limits: small }), {
      code: 'ENGINE_LIMIT_EXCEEDED',
    });
    assert.equal(pool.find('none'), undefined);
    assert.equal(engines.started, 2);
  });

  test('a deadline and a cancellation reject the caller, and the queue gives way', async () => {
    const model = await pool.load({
      name: 'loop',
      version: '1',
      source: loopModel(),
      engines: 1,
      limits: { maxQueued: 1 },
    });
    const busy = model.run(seconds(1));
    const abort = new AbortController();
    const waiting = assert.rejects(model.run(seconds(1), { signal: abort.signal }), { code: 'ENGINE_CANCELLED' });
    await assert.rejects(model.run(seconds(1)), (error: Error) => {
      assert.equal(Reflect.get(error, 'code'), 'ENGINE_BUSY');
      assert.ok((Reflect.get(error, 'details') as { retryAfterMs: number }).retryAfterMs >= 1);
      return true;
    });
    abort.abort();
    await waiting;
    await assert.rejects(model.run(seconds(1), { signal: abort.signal }), { code: 'ENGINE_CANCELLED' });
    await assert.rejects(model.run(seconds(1), { timeoutMs: 1 }), { code: 'ENGINE_DEADLINE' });
    await busy;
    await model.run(rounds(1n));
    assert.equal(engines.started, 2);
    await model.unload();
  });

  test('a run beyond the time of its model ends its engine, and the others go on', async () => {
    const loop = await pool.load({ name: 'loop', version: '1', source: loopModel(), limits: { maxRunMs: 2000 } });
    const rows = await pool.load({ name: 'rows', version: '1', source: rowsModel() });
    const tooLong = assert.rejects(loop.run(endless), { code: 'ENGINE_LIMIT_EXCEEDED', message: /maxRunMs/ });
    // The other engine answers all the while.
    const over = tooLong.then(() => true);
    let answers = 0;
    for (;;) {
      const answer = rows.run([floats('x', [1, 4], [1, 2, 3, 4])]).then(() => false);
      if (await Promise.race([over, answer])) break;
      answers++;
    }
    await tooLong;
    assert.ok(answers > 20, `${answers} answers`);
    await until('the engine is replaced, with its models', () => loop.engines === 2 && rows.engines === 2);
    assert.equal(engines.started, 3);
    await loop.run(rounds(1n));
    await loop.unload();
    await rows.unload();
  });

  test('engine killed: runs fail so that they can be repeated, and the models come back', async () => {
    const model = await pool.load({ name: 'loop', version: '1', source: loopModel() });
    const lost = [
      assert.rejects(model.run(endless), { code: 'ENGINE_LOST' }),
      assert.rejects(model.run(endless), { code: 'ENGINE_LOST' }),
    ];
    const later = model.run(rounds(3n));
    engines.kill();
    await Promise.all(lost);
    // It had not begun, so it is answered by the next engine.
    const [output] = await later;
    assert.deepEqual(new Float32Array(output?.data.slice().buffer ?? []), Float32Array.of(8));
    await until('both engines hold the model', () => model.engines === 2);
    await model.unload();
  });

  test('a run that an engine was sent ahead is answered by the next engine when it dies before', async () => {
    const model = await pool.load({ name: 'ahead', version: '1', source: loopModel(), engines: 1 });
    // Runs are sent ahead once they are known to be short.
    for (let run = 0; run < 60; run++) await model.run(rounds(1n));
    const lost = assert.rejects(model.run(endless), { code: 'ENGINE_LOST' });
    const later = model.run(rounds(3n));
    engines.kill();
    await lost;
    const [output] = await later;
    assert.deepEqual(new Float32Array(output?.data.slice().buffer ?? []), Float32Array.of(8));
    await model.unload();
  });

  test('the observer got names, sizes and codes of every run', () => {
    assert.ok(runs.length > 20);
    const codes = new Set(runs.map(({ errorCode }) => errorCode));
    for (const code of ['ENGINE_LOST', 'ENGINE_BUSY', 'ENGINE_DEADLINE', 'ENGINE_LIMIT_EXCEEDED']) {
      assert.ok(codes.has(code), code);
    }
    assert.ok(runs.every(({ queuedMs, computeMs }) => queuedMs >= 0 && computeMs >= 0));
  });
});

suite('batches', () => {
  const engines = childEngines(1);
  const runs: RunReport[] = [];
  const pool = new EnginePool({ engines: engines.source, observer: { ran: (run) => runs.push(run) } });
  after(() => {
    pool.close();
    engines.close();
  });
  const row = (seed: number): Tensor => floats('x', [1, 4], [seed, seed / 3, -seed, 1 / (seed + 1)]);
  const together = async (model: PooledModel, inputs: readonly Tensor[]): Promise<readonly (readonly Tensor[])[]> =>
    Promise.all(inputs.map((input) => model.run([input])));

  test('waiting runs are joined, with the results of single runs', async () => {
    const inputs = Array.from({ length: 40 }, (_unused, at) => row(at));
    const alone = await pool.load({ name: 'rows', version: 'alone', source: rowsModel() });
    const joined = await pool.load({ name: 'rows', version: 'joined', source: rowsModel(), batchRows: 16 });
    const expected = await together(alone, inputs);
    runs.length = 0;
    assert.deepEqual(await together(joined, inputs), expected);
    assert.deepEqual(new Set(runs.map(({ batchRuns }) => batchRuns)), new Set([1, 16, 7]));
    await alone.unload();
    await joined.unload();
  });

  test('one run that fails does not fail those beside it', async () => {
    const model = await pool.load({ name: 'gather', version: '1', source: gatherModel(), batchRows: 8 });
    const places = [0n, 9n, 1n, 2n].map((place) => model.run([wholes('places', [1], [place])]));
    const states = await Promise.allSettled(places);
    assert.deepEqual(
      states.map(({ status }) => status),
      ['fulfilled', 'rejected', 'fulfilled', 'fulfilled'],
    );
    await model.unload();
  });

  test('a model that does not give a row for each row is computed run by run', async () => {
    const model = await pool.load({ name: 'zeros', version: '1', source: zerosModel(), batchRows: 8 });
    const outputs = await Promise.all([3n, 4n, 5n].map((length) => model.run([wholes('shape', [1], [length])])));
    assert.deepEqual(
      outputs.map(([output]) => output?.shape),
      [[3], [4], [5]],
    );
    await model.unload();
  });

  test('200 reloads leave nothing in the engine', { timeout: 300_000 }, async () => {
    const { readFile } = await import('node:fs/promises');
    const [pid = 0] = engines.processes;
    const residentMiB = async (): Promise<number> => {
      const status = await readFile(`/proc/${pid}/status`, 'utf8');
      return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024;
    };
    const source = identityModel('FP32', ['n', 4096]);
    const cycle = async (): Promise<void> => {
      const model = await pool.load({ name: 'again', version: '1', source });
      await model.run([{ name: 'x', datatype: 'FP32', shape: [64, 4096], data: new Uint8Array(1_048_576) }]);
      await model.unload();
    };
    for (let warm = 0; warm < 50; warm++) await cycle();
    const before = await residentMiB();
    for (let count = 0; count < 200; count++) await cycle();
    const grown = (await residentMiB()) - before;
    // What is kept for each reload would be at least the 2 MiB of its tensors.
    assert.ok(grown < 64, `grew by ${grown.toFixed(1)} MiB`);
  });
});
