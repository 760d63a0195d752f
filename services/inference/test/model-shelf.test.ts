import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import type { PooledModel } from '@enclos/inference-engine';
import { ModelShelf, type ModelShelfOptions } from '../src/inside/model-shelf.ts';

const bytes = new Uint8Array(3000).fill(7);
const digest = createHash('sha256').update(bytes).digest('hex');
const entry = { name: 'adder', version: '1', digest, sizeBytes: bytes.length, limits: {} };

test('two calls that load one model at once load it once', async () => {
  const started: string[] = [];
  const pool: ModelShelfOptions['pool'] = {
    async load({ name, version }) {
      started.push(name);
      const pooled: Pick<PooledModel, 'inputs' | 'isUsable' | 'name' | 'outputs' | 'run' | 'unload' | 'version'> = {
        name,
        version,
        inputs: [],
        outputs: [],
        isUsable: true,
        run: async () => [],
        unload: async () => undefined,
      };
      // What the shelf uses of it.
      return pooled as PooledModel;
    },
  };
  const shelf = new ModelShelf({
    pool,
    manifest: { models: [entry] },
    openAi: new Map(),
    parts: async ({ offset, sizeBytes }) => bytes.slice(Number(offset), Number(offset) + sizeBytes),
    now: () => new Date(0),
  });
  await Promise.all([shelf.loadAll(), shelf.load('adder'), shelf.load('adder')]);
  assert.deepEqual([started, shelf.list().length, shelf.isReady], [['adder'], 1, true]);
  await shelf.unload('adder');
  await shelf.load('adder');
  assert.equal(started.length, 2);
});
