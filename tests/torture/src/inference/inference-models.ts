import { isEnclosError } from '@enclos/errors';
import { EnginePool } from '@enclos/inference-engine';
import { ChildEngines } from '@enclos/inference-engine/child-processes';
import { readModelFacts } from '@enclos/inference-models';
import type { Tensor } from '@enclos/open-inference';
import type { Program, Tally } from '../program.ts';
import { createRandom, type Random } from '../random.ts';
import { compiled } from '../workplace.ts';
import { manipulations } from './manipulations.ts';
import { smallModels, type ComputedModel } from './small-models.ts';

const defaultFrames = 10_000;
/** At once: one engine computes while another is lost. */
const atOnce = 8;
const controlEvery = 250;
const limits = { maxRunMs: 500, maxLoadMs: 20_000, maxOutputBytes: 4_194_304 };

/**
 * Mutated models and tensors against engines of both kinds, and against the reader of models. Each is computed or ends in an error of a
 * registered code, whatever becomes of its engine; and a good model goes on to give the same bytes.
 */
export const inferenceModels: Program = async ({ seed, frames = defaultFrames }, tally) => {
  const random = createRandom(seed);
  for (const kind of ['native', 'wasm']) {
    const command = [process.execPath, compiled('inference/engine.program.js'), kind];
    const engines = new ChildEngines({ command, count: 2 });
    const pool = new EnginePool({ engines: engines.source });
    try {
      const codes = await mutateModels(pool, { rounds: Math.ceil(frames / 2), random, tally });
      process.stdout.write(`${kind}: ${JSON.stringify(codes)}, engines started ${engines.started}\n`);
    } finally {
      pool.close();
      engines.close();
    }
  }
};

interface MutationOptions {
  readonly rounds: number;
  readonly random: Random;
  readonly tally: Tally;
}

async function mutateModels(
  pool: EnginePool,
  { rounds, random, tally }: MutationOptions,
): Promise<Readonly<Record<string, number>>> {
  const models = smallModels();
  const codes: Record<string, number> = {};
  const [first] = models;
  if (first === undefined) throw new Error('There is no model.');
  const good = await pool.load({ name: 'good', version: '1', source: first.bytes });
  const shown = async (): Promise<string> => {
    const outputs = await retried(() => good.run(first.inputs));
    return outputs.map(({ data }) => Buffer.from(data).toString('hex')).join();
  };
  const expected = await shown();
  for (let round = 0; round < rounds; round += atOnce) {
    const mutants = Array.from({ length: atOnce }, () => mutant(random.pick(models), random, random.pick(models)));
    const outcomes = await Promise.all(
      mutants.map(async (one, at) => {
        const facts = codeOf(() => readModelFacts(one.bytes));
        return [facts, await computed(pool, `${round + at}`, one)] as const;
      }),
    );
    for (const [at, [facts, outcome]] of outcomes.entries()) {
      codes[outcome] = (codes[outcome] ?? 0) + 1;
      const isKnown = /^(?:computed|ENGINE_|INFERENCE_)/.test(outcome) && /^(?:read|MODEL_|CODEC_)/.test(facts);
      const bytes = Buffer.from(mutants[at]?.bytes ?? []).subarray(0, 2048);
      if (isKnown) tally.pass();
      else tally.fail(`${facts}, ${outcome}: ${bytes.toString('hex')}`);
    }
    const isControlled = round % controlEvery < atOnce;
    const isSame = !isControlled || (await shown()) === expected;
    if (!isSame) tally.fail(`round ${round}: the good model gives other bytes.`);
  }
  return codes;
}

/** Changed bytes of the model, of a tensor, or of both. */
function mutant(model: ComputedModel, random: Random, other: ComputedModel): ComputedModel {
  const what = random.below(4);
  const bytes = what === 0 ? model.bytes : changed(model.bytes, random, other.bytes);
  const inputs = what > 1 ? model.inputs : model.inputs.map((tensor) => mutantTensor(tensor, random));
  return { bytes, inputs };
}

function changed(bytes: Uint8Array, random: Random, other: Uint8Array): Uint8Array {
  // Most often few bits: what is wholly broken does not come far.
  const change = random.below(3) > 0 ? manipulations['flip'] : random.pick(Object.values(manipulations));
  return new Uint8Array(Buffer.concat(change?.([bytes], [other], random) ?? []));
}

function mutantTensor(tensor: Tensor, random: Random): Tensor {
  const data = random.below(2) === 0 ? tensor.data : changed(tensor.data, random, random.bytes(16));
  const sizes = [0, 1, 2, 3, 9, 2 ** 31, -1];
  const shape =
    random.below(4) === 0
      ? tensor.shape.map((size) => (random.below(2) === 0 ? size : random.pick(sizes)))
      : tensor.shape;
  return { ...tensor, data, shape };
}

async function computed(pool: EnginePool, version: string, { bytes, inputs }: ComputedModel): Promise<string> {
  try {
    const model = await pool.load({ name: 'mutant', version, source: bytes, limits });
    try {
      await model.run(inputs);
      return 'computed';
    } finally {
      await model.unload();
    }
  } catch (error) {
    return isEnclosError(error) ? error.code : String(error);
  }
}

function codeOf(read: () => unknown): string {
  try {
    read();
    return 'read';
  } catch (error) {
    return isEnclosError(error) ? error.code : String(error);
  }
}

/** A run whose engine is lost to another one's mutant is to be sent again, as its error says. */
async function retried<T>(run: () => Promise<T>): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await run();
    } catch (error) {
      if (!isEnclosError(error) || error.kind !== 'transient' || attempt > 200) throw error;
    }
  }
}
