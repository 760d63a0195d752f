import type { Sandbox } from '@enclos/consortium-app';
import type { ScriptEngine } from '@enclos/script';
import { atLeast, type Figure } from '../harness/figures.ts';
import { interleave } from '../harness/statistics.ts';
import { openSandbox, postRequest } from './model.ts';

const atOnce = 200;
const turns = 5;
const rounds = 15;
const warmUpMs = 3000;

/** What it brings to execute all requests that have arrived, then append them all, then answer them all. */
export async function stages(engine: ScriptEngine): Promise<Figure> {
  const [together, single] = [openSandbox(engine), openSandbox(engine)];
  try {
    for (const end = performance.now() + warmUpMs; performance.now() < end;) {
      await inStages(together);
      await oneByOne(single);
    }
    const compared = await interleave(
      rounds,
      () => oneByOne(single),
      () => inStages(together),
    );
    return {
      what: `script: the same POST, ${atOnce} in one tick, in stages; the peer is one request a tick`,
      ours: `${compared.peer.toFixed(1)} µs`,
      peer: `${compared.ours.toFixed(1)} µs`,
      ratio: compared.ratio.toFixed(2),
      bound: atLeast(1.3, compared.ratio),
    };
  } finally {
    together.close();
    single.close();
  }
}

/** Microseconds of a request among others of its tick. */
async function inStages(sandbox: Sandbox): Promise<number> {
  const start = performance.now();
  for (let turn = 0; turn < turns; turn++) {
    await Promise.all(Array.from({ length: atOnce }, (_, at) => answered(sandbox, at)));
  }
  return ((performance.now() - start) * 1000) / (turns * atOnce);
}

/** Microseconds of a request that has its tick to itself. */
async function oneByOne(sandbox: Sandbox): Promise<number> {
  const start = performance.now();
  for (let count = 0; count < turns * atOnce; count++) await answered(sandbox, count % atOnce);
  return ((performance.now() - start) * 1000) / (turns * atOnce);
}

async function answered(sandbox: Sandbox, at: number): Promise<void> {
  const { status } = await sandbox.submit(postRequest(at));
  if (status !== 200 && status !== 201) throw new Error(`A request was answered with ${status}.`);
}
