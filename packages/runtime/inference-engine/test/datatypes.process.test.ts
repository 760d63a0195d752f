import assert from 'node:assert/strict';
import { after, suite, test } from 'node:test';
import { type Datatype, datatypes, elementSize, type Tensor } from '@enclos/open-inference';
import { createNativeEngine } from '../src/native.ts';
import { createWasmEngine } from '../src/wasm.ts';
import { EnginePool } from '../src/index.ts';
import { childEngines, type EngineKind } from './kit/child-engines.ts';
import { identityModel } from './kit/graphs.ts';
import { loadBinding, readWasm } from './kit/onnxruntime.ts';

/** Every bit of each element differs from its neighbours', NaNs and negative zeros among them. */
function pattern(sizeBytes: number): Uint8Array {
  return Uint8Array.from({ length: sizeBytes }, (_unused, at) => (at * 37 + 11) % 256);
}

function byteStrings(texts: readonly string[]): Uint8Array {
  const parts = texts.map((text) => Buffer.from(text));
  return Buffer.concat(
    parts.flatMap((part) => {
      const length = Buffer.alloc(4);
      length.writeUInt32LE(part.length);
      return [length, part];
    }),
  );
}

function tensorOf(datatype: Datatype, shape: readonly number[]): Tensor {
  const count = shape.reduce((product, size) => product * size, 1);
  const texts = Array.from({ length: count }, (_unused, at) => `${'x'.repeat(at % 9)} größe ${at} \u{1f600}`);
  const data =
    datatype === 'BYTES'
      ? byteStrings(texts)
      : datatype === 'BOOL'
        ? Uint8Array.from({ length: count }, (_unused, at) => at % 2)
        : pattern(count * elementSize(datatype));
  return { name: 'x', datatype, shape, data };
}

const types = datatypes.filter((type) => type !== 'BF16');

const kinds = {
  native: () => createNativeEngine(loadBinding()),
  wasm: () => createWasmEngine(readWasm()),
};

suite('datatypes through an engine in native code', () => testDatatypes('native'));
suite('datatypes through an engine in WebAssembly', () => testDatatypes('wasm'));

function testDatatypes(kind: EngineKind): void {
  const engines = childEngines(1, { kind });
  const outside = kinds[kind]();
  const pool = new EnginePool({ engines: engines.source });
  after(() => {
    pool.close();
    engines.close();
  });

  for (const type of types) {
    test(`${type}: a scalar, nothing, and rows come back as they do outside`, async () => {
      // The last one is large enough to stay in the memory that it arrived in.
      const shapes = [[], [0], [2, 3], [3, 0, 2], [1, type === 'FP32' ? 70_001 : 257]];
      for (const [at, shape] of shapes.entries()) {
        const bytes = identityModel(type, shape);
        const model = await pool.load({ name: type, version: String(at), source: bytes });
        const input = tensorOf(type, shape);
        const [output] = await model.run([input]);
        const session = outside.load(bytes, { threads: 1 });
        const [same] = session.run([{ index: 0, shape, data: input.data.slice() }], [0]);
        session.dispose();
        assert.ok(output !== undefined && same !== undefined);
        assert.deepEqual(output.shape, same.shape);
        assert.deepEqual(output.shape, shape);
        assert.equal(output.datatype, type);
        assert.ok(Buffer.from(output.data).equals(same.data), 'another result than outside');
        assert.ok(Buffer.from(output.data).equals(input.data), 'Identity changed the values');
        await model.unload();
      }
    });
  }

  test('BF16 is refused with the model', async () => {
    const source = identityModel('BF16', [2]);
    await assert.rejects(pool.load({ name: 'bf16', version: '1', source }), { code: 'ENGINE_MODEL_REFUSED' });
  });

  test('byte strings that the engine would change are refused', async () => {
    const model = await pool.load({ name: 'strings', version: '1', source: identityModel('BYTES', [1]) });
    const run = (...bytes: readonly number[]): Promise<unknown> =>
      model.run([{ name: 'x', datatype: 'BYTES', shape: [1], data: Uint8Array.of(bytes.length, 0, 0, 0, ...bytes) }]);
    await run(0x61, 0x62);
    await assert.rejects(run(0x61, 0), { code: 'ENGINE_INPUT_REFUSED' });
    await assert.rejects(run(0xff), { code: 'ENGINE_INPUT_REFUSED' });
    await model.unload();
  });
}
