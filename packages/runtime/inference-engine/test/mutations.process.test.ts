import assert from 'node:assert/strict';
import { after, suite, test } from 'node:test';
import { isEnclosError } from '@enclos/errors';
import type { Tensor } from '@enclos/open-inference';
import { EnginePool } from '../src/index.ts';
import { childEngines } from './kit/child-engines.ts';
import { floats, gatherModel, loopModel, rowsModel, wholes, zerosModel } from './kit/graphs.ts';

/** A generator of numbers below 2^32 (Marsaglia, "Xorshift RNGs", 2003), so that a failure can be repeated. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}

const seed = 20_261_129;
const next = randomNumbers(seed);
const pick = <T>(items: readonly T[], otherwise: T): T => items[next() % items.length] ?? otherwise;

function mutate(bytes: Uint8Array): Uint8Array {
  const changed = bytes.slice(0, next() % 8 === 0 ? 1 + (next() % bytes.length) : bytes.length);
  for (let count = 1 + (next() % 4); count > 0; count--) changed[next() % changed.length] = next() % 256;
  return changed;
}

/** Everything that a caller may do about it is in the kind of the error; anything else would be a fault of ours. */
function assertKnown(error: unknown): void {
  assert.ok(isEnclosError(error), String(error));
  assert.match(error.code, /^(ENGINE|INFERENCE)_/);
}

suite(`mutations, seed ${seed}`, () => {
  const engines = childEngines(1);
  const pool = new EnginePool({ engines: engines.source });
  after(() => {
    pool.close();
    engines.close();
  });
  const limits = { maxRunMs: 500, maxLoadMs: 60_000, maxOutputBytes: 1_048_576 };
  const models: readonly (readonly [Uint8Array, readonly Tensor[]])[] = [
    [rowsModel(), [floats('x', [1, 4], [1, 2, 3, 4])]],
    [gatherModel(), [wholes('places', [2], [1n, 2n])]],
    [zerosModel(), [wholes('shape', [1], [4n])]],
    [loopModel(), [wholes('rounds', [], [3n]), floats('x', [1], [1])]],
  ];

  test('models: each is refused, or computes, or fails; the pool serves on', { timeout: 300_000 }, async () => {
    let loaded = 0;
    for (let count = 0; count < 600; count++) {
      const [bytes, inputs] = pick(models, [rowsModel(), []]);
      try {
        const model = await pool.load({ name: 'mutated', version: String(count), source: mutate(bytes), limits });
        loaded++;
        await model.run(inputs).catch(assertKnown);
        await model.unload();
      } catch (error) {
        assertKnown(error);
      }
    }
    assert.ok(loaded > 20, `${loaded} were loaded`);
    assert.deepEqual(pool.models(), []);
    const model = await pool.load({ name: 'rows', version: '1', source: rowsModel() });
    assert.equal((await model.run([floats('x', [1, 4], [1, 2, 3, 4])])).length, 1);
    await model.unload();
  });

  test('tensors: each is refused, or computed, or fails', { timeout: 300_000 }, async () => {
    const loaded = await Promise.all(
      // Not those to which most numbers say to compute for long: each such run ends an engine.
      models.slice(0, 2).map(async ([source, inputs], at) => {
        const model = await pool.load({ name: `whole ${at}`, version: '1', source, limits });
        return [model, inputs] as const;
      }),
    );
    let computed = 0;
    for (let count = 0; count < 3000; count++) {
      const [model, inputs] = loaded[next() % loaded.length] ?? [];
      const changed = (inputs ?? []).map((tensor) => ({
        ...tensor,
        data: next() % 2 === 0 ? mutate(tensor.data) : tensor.data,
        shape: next() % 4 === 0 ? tensor.shape.map((size) => (next() % 2 === 0 ? size : next() % 9)) : tensor.shape,
        datatype: next() % 16 === 0 ? ('BYTES' as const) : tensor.datatype,
      }));
      await model?.run(changed).then(() => computed++, assertKnown);
    }
    assert.ok(computed > 200, `${computed} were computed`);
  });
});
