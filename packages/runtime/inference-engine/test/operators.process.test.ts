import assert from 'node:assert/strict';
import { after, suite, test } from 'node:test';
import { isEnclosError } from '@enclos/errors';
import { writeModel } from '@enclos/inference-models/graphs';
import type { Tensor } from '@enclos/open-inference';
import { EnginePool } from '../src/index.ts';
import { nameOf, toBytes, toElements } from '../src/companion/elements.ts';
import { childEngines, type EngineKind } from './kit/child-engines.ts';
import { texts, type OperatorCase } from './operators/build.ts';
import { operatorCases } from './operators/cases.ts';
import { brokenTextModel, graphCases, unsupportedModels } from './operators/graphs.ts';
import { stockRuntime, type StockRuntime } from './kit/stock.ts';

/** What the published package computes, or undefined if it refuses the model or the inputs. */
async function outside(runtime: StockRuntime, { model, inputs }: OperatorCase): Promise<readonly string[] | undefined> {
  try {
    const session = await runtime.load(model);
    try {
      const feeds = inputs.map(({ name, datatype, shape, data }) => {
        // Its own memory, since the elements have to begin where their type may.
        const elements = toElements(datatype, data.slice());
        return [name, nameOf(datatype), elements, shape] as const;
      });
      const outputs = await session.run(feeds);
      return outputs.map(([name, type, data, shape]) => shown(name, type, shape, toBytes(data)));
    } finally {
      await session.release();
    }
  } catch {
    return undefined;
  }
}

const shown = (name: string, type: string, shape: readonly number[], data: Uint8Array): string =>
  `${name} ${type} [${shape.join()}] ${Buffer.from(data).toString('hex')}`;

suite('operators in an engine in native code', () => testOperators('native', 400));
suite('operators in an engine in WebAssembly', () => testOperators('wasm', 250));

/** @param computed how many of the cases the published package computes at least: the others it refuses, and so do we */
function testOperators(kind: EngineKind, computed: number): void {
  const engines = childEngines(1, { kind });
  const pool = new EnginePool({ engines: engines.source });
  after(() => {
    pool.close();
    engines.close();
  });

  async function inside({ name, model: source, inputs }: OperatorCase): Promise<readonly string[] | undefined> {
    const model = await pool.load({ name, version: '1', source }).catch(assertTyped);
    if (model === undefined) return undefined;
    const outputs: readonly Tensor[] | undefined = await model.run(inputs).catch(assertTyped);
    await model.unload();
    return outputs?.map((output) => shown(output.name, nameOf(output.datatype), output.shape, output.data));
  }

  test('conformance: every operator gives the bytes that the published package gives, or fails as it does', async () => {
    const runtime = await stockRuntime(kind);
    const cases = [...operatorCases(kind === 'native'), ...graphCases()];
    const names = cases.map(({ name }) => name);
    assert.equal(new Set(names).size, names.length, 'each case has its name');
    // All at once: an engine and its pool have much to tell each other about each model.
    const computing = Promise.all(cases.map((one) => inside(one)));
    const expected = [];
    for (const one of cases) expected.push(await outside(runtime, one));
    const results = await computing;
    for (const [at, name] of names.entries()) assert.deepEqual(results[at], expected[at], name);
    const both = expected.filter((outputs) => outputs !== undefined).length;
    assert.ok(both >= computed, `${both} were computed`);
    assert.equal(engines.started, 1, 'no model ended the engine');
  });

  test('conformance: what is not text in a text is replaced, and costs no engine', async () => {
    const model = await pool.load({ name: 'broken text', version: '1', source: writeModel(brokenTextModel) });
    const [output] = await model.run([]);
    assert.deepEqual(output?.data, texts('y', '\u{fffd}a', 'b').data);
    assert.equal(engines.started, 1);
    await model.unload();
  });

  test('conformance: what no protocol carries is refused with the model, and named', async () => {
    for (const [name, model] of Object.entries(unsupportedModels())) {
      const loading = pool.load({ name: 'unsupported', version: '1', source: writeModel(model) });
      await assert.rejects(loading, { code: 'ENGINE_MODEL_REFUSED' }, name);
    }
    assert.deepEqual(pool.models(), []);
  });
}

/** Whatever a model does, its user gets an error by name. */
function assertTyped(error: unknown): undefined {
  assert.ok(isEnclosError(error), String(error));
  assert.match(error.code, /^(?:ENGINE_MODEL_REFUSED|ENGINE_RUN_FAILED|ENGINE_INPUT_REFUSED)$/, error.message);
}
