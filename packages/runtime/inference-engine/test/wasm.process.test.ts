import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { InferenceSession, Tensor, env } from 'onnxruntime-web/wasm';
import { createWasmEngine } from '../src/wasm.ts';
import { floats, gatherModel, loopModel, rounds, rowsModel, wholes, zerosModel } from './kit/graphs.ts';
import { readWasm } from './kit/onnxruntime.ts';

suite('the engine in WebAssembly', () => {
  const engine = createWasmEngine(readWasm(), { maxMemoryBytes: 134_217_728 });

  test('computes what the module computes with the JavaScript of its package', async () => {
    env.wasm.numThreads = 1;
    const values = [1.5, -2.25, 3e-7, 4e9, 0.1, 0.2, 0.3, 0.4];
    const session = await InferenceSession.create(rowsModel());
    const { y } = await session.run({ x: new Tensor('float32', Float32Array.from(values), [2, 4]) });
    const loop = await InferenceSession.create(loopModel());
    const doubled = await loop.run({
      rounds: new Tensor('int64', BigInt64Array.of(9n), []),
      x: new Tensor('float32', Float32Array.of(1), [1]),
    });

    const rows = engine.load(rowsModel(), { threads: 1 });
    const [own] = rows.run([{ index: 0, shape: [2, 4], data: floats('x', [2, 4], values).data }], [0]);
    assert.ok(y?.data instanceof Float32Array && own !== undefined);
    assert.deepEqual(new Float32Array(own.data.slice().buffer), y.data);
    const again = engine.load(loopModel(), { threads: 1 });
    const inputs = rounds(9n).map(({ shape, data }, index) => ({ index, shape, data }));
    assert.deepEqual(new Float32Array(again.run(inputs, [0])[0]?.data.slice().buffer ?? []), doubled['y']?.data);
    rows.dispose();
    again.dispose();
  });

  test('errors of the engine are C++ exceptions, and it serves on after them', () => {
    const refused = { code: 'ENGINE_MODEL_REFUSED', message: /protobuf/ };
    const gather = engine.load(gatherModel(), { threads: 1 });
    const take = (place: bigint): unknown => gather.run([{ index: 0, ...wholes('places', [1], [place]) }], [0]);
    for (let count = 0; count < 200; count++) {
      assert.throws(() => engine.load(new Uint8Array(64).fill(7), { threads: 1 }), refused);
      assert.throws(() => take(77n), { code: 'ENGINE_RUN_FAILED' });
      take(2n);
    }
    gather.dispose();
  });

  test('has only the memory that it was given', () => {
    const zeros = engine.load(zerosModel(), { threads: 1 });
    const make = (count: bigint): unknown => zeros.run([{ index: 0, ...wholes('shape', [1], [count]) }], [0]);
    make(1_000_000n);
    assert.throws(() => make(64_000_000n), { code: 'ENGINE_RUN_FAILED' });
    make(1_000_000n);
    zeros.dispose();
  });

  test('300 reloads take no more memory', () => {
    const before = process.memoryUsage().arrayBuffers;
    for (let count = 0; count < 300; count++) {
      const rows = engine.load(rowsModel(), { threads: 1 });
      rows.run([{ index: 0, shape: [1, 4], data: new Uint8Array(16) }], [0]);
      rows.dispose();
    }
    // The module ends at 128 MiB, so a leak of half a megabyte for each reload would have refused to load.
    assert.ok(process.memoryUsage().arrayBuffers - before < 134_217_728);
  });

  test('another module is refused by its imports', () => {
    const empty = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);
    assert.throws(() => createWasmEngine(empty), /not that of onnxruntime-web 1\.27\.0/);
  });
});
