import { fileURLToPath } from 'node:url';
import { EnginePool } from '@enclos/inference-engine';
import { ChildEngines } from '@enclos/inference-engine/child-processes';
import { atLeast, type Figure } from '../harness/figures.ts';
import { callsPerSecond, interleave, medianCallMicros } from '../harness/statistics.ts';
import { type EngineKind, engineOf } from './engine.ts';
import { classifier, convolutions, image, type Load } from './models.ts';

const program = fileURLToPath(new URL('engine-program.js', import.meta.url));

/** How much of the engine's own rate is left for a model of some milliseconds. */
const smallestRate = 0.95;
const rounds = 9;

interface Timing {
  /** Through the pool and the process of an engine. */
  readonly ours: number;
  /** The same engine in this process. */
  readonly peer: number;
  readonly ratio: number;
}

interface Calls {
  readonly calls: number;
  /** How many are under way at any time. Default: one after the other. */
  readonly width?: number;
}

/** Microseconds for a run in a pool's engine, against the same engine in the process of the caller. */
async function timingOf(kind: EngineKind, { bytes, input }: Load, { calls, width = 1 }: Calls): Promise<Timing> {
  const engines = new ChildEngines({ count: 1, command: [process.execPath, program, kind] });
  const pool = new EnginePool({ engines: engines.source });
  const session = engineOf(kind).load(bytes, { threads: 1 });
  try {
    const pooled = await pool.load({ name: 'bench', version: '1', source: bytes });
    const { shape, data } = input;
    // Both in the same way: a rate is a mean, which slower runs count in, and a median leaves them out.
    const microsOf = async (call: () => Promise<unknown>): Promise<number> =>
      width === 1 ? medianCallMicros(calls, call) : 1e6 / (await callsPerSecond(calls, width, call));
    return await interleave(
      rounds,
      async () => microsOf(() => pooled.run([input])),
      async () => microsOf(async () => session.run([{ index: 0, shape, data }], [0])),
    );
  } finally {
    session.dispose();
    pool.close();
    engines.close();
  }
}

const micros = (value: number): string => `${value.toFixed(0)} µs`;

/** What it costs that an engine computes in another process than its caller, without a service around it. */
export async function benchPool(): Promise<readonly Figure[]> {
  const figures: Figure[] = [];
  const small = await timingOf('native', classifier(), { calls: 400 });
  figures.push({ what: `native, ${classifier().what}`, ours: micros(small.ours), peer: micros(small.peer) });
  const large = await timingOf('native', image(), { calls: 60 });
  const megabytes = image().input.data.length / 1e6;
  figures.push({
    what: `native, ${image().what}`,
    ours: micros(large.ours),
    peer: micros(large.peer),
    ratio: `${((large.ours - large.peer) / 1000 / megabytes).toFixed(2)} ms/MB more`,
  });
  const long = await timingOf('native', convolutions(), { calls: 60, width: 2 });
  figures.push({
    what: `native, ${convolutions().what}, two runs under way: rate of the engine that is left`,
    ours: micros(long.ours),
    peer: micros(long.peer),
    ratio: (1 / long.ratio).toFixed(2),
    bound: atLeast(smallestRate, 1 / long.ratio),
  });
  const wasm = await timingOf('wasm', classifier(), { calls: 400 });
  figures.push({ what: `WebAssembly, ${classifier().what}`, ours: micros(wasm.ours), peer: micros(wasm.peer) });
  const slow = await timingOf('wasm', convolutions(), { calls: 5 });
  figures.push({
    what: `WebAssembly, ${convolutions().what}; against native code`,
    ours: micros(slow.ours),
    peer: micros(long.ours),
    ratio: (slow.ours / long.ours).toFixed(1),
  });
  return figures;
}
