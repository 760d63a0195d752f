import { encodeValue } from '@enclos/edl';
import { FRAME_HEADER_BYTES } from '@enclos/gate';
import { startBareEcho } from './harness/bare-echo.ts';
import { bench } from './bench.edl.ts';
import { atLeast, atMost, type Figure } from './harness/figures.ts';
import { place, placements, type Placement } from './harness/placement.ts';
import { bareInterpreter } from './harness/sandbox.ts';
import type { Scene } from './scene.ts';
import { callsPerSecond, interleave, medianCallMicros, type Comparison } from './harness/statistics.ts';

const data = new Uint8Array(32).fill(7);
/** As many bytes as a call has, and its answer, which is as long: a frame of the bare echo. */
function frameOfCall(): Uint8Array {
  const frame = new Uint8Array(FRAME_HEADER_BYTES + encodeValue(bench.trusted.echo.parameters, { data }).length);
  new DataView(frame.buffer).setUint32(0, frame.length - 4, true);
  return frame;
}

const largestRatio = 1.5;
const windowCalls = 512;
/** On one core both sides' work adds up, and the peer's consists of little more than its system calls. */
const smallestRatio = { oneCore: 0.42, twoCores: 0.5 };

/**
 * Typed calls through edl, gate and two processes, against an echo of the same
 * bytes between the same two programs. The peers of the bounds run outside the
 * sandbox, where system calls cost less.
 */
export async function benchCalls(scene: Scene): Promise<readonly Figure[]> {
  const interpreter = await bareInterpreter();
  const enclave = await scene.load();
  const bare = await startBareEcho(interpreter, { framed: false, sandboxed: false });
  const sandboxed = await startBareEcho(interpreter, { framed: false, sandboxed: true });
  const framed = await startBareEcho(interpreter, { framed: true, sandboxed: false });
  const bytes = frameOfCall();
  const call = async (): Promise<unknown> => enclave.call.echo({ data });
  for (const warm of [call, async () => bare.roundTrip(bytes), async () => sandboxed.roundTrip(bytes)]) {
    await medianCallMicros(3000, warm);
  }
  const one = async (peer: () => Promise<unknown>): Promise<Comparison> =>
    interleave(
      21,
      async () => medianCallMicros(400, call),
      async () => medianCallMicros(400, peer),
    );
  const figures: Figure[] = [];
  for (const placement of placements()) {
    place(placement, interpreter.path);
    // A placement that differs between the two sides compares schedulers, not calls.
    const isFixed = placement.cores !== undefined;
    const latency = await one(async () => bare.roundTrip(bytes));
    figures.push(oneCall(`bare echo, ${placement.name}`, latency, isFixed));
    const inSandbox = await one(async () => sandboxed.roundTrip(bytes));
    figures.push(oneCall(`bare echo in the sandbox, ${placement.name}`, inSandbox, false));
    const pipelined = await interleave(
      9,
      async () => callsPerSecond(20_000, windowCalls, call),
      async () => callsPerSecond(20_000, windowCalls, async () => framed.frame(bytes)),
    );
    figures.push(pipeline(placement, pipelined));
  }
  await Promise.all([bare, sandboxed, framed].map(async (echo) => echo.close()));
  await enclave.dispose();
  await interpreter.close();
  return figures;
}

function oneCall(against: string, { ours, peer, ratio }: Comparison, isBound: boolean): Figure {
  return {
    what: `one call at a time, p50, against a ${against}`,
    ours: `${ours.toFixed(1)} µs`,
    peer: `${peer.toFixed(1)} µs`,
    ratio: ratio.toFixed(2),
    ...(isBound ? { bound: atMost(largestRatio, ratio) } : {}),
  };
}

function pipeline({ name, cores }: Placement, { ours, peer, ratio }: Comparison): Figure {
  const perSecond = (calls: number): string => `${Math.round(calls).toLocaleString('en')} /s`;
  const smallest = cores?.[0] === cores?.[1] ? smallestRatio.oneCore : smallestRatio.twoCores;
  return {
    what: `pipelined calls, window ${windowCalls}, against bare frames, ${name}`,
    ours: perSecond(ours),
    peer: perSecond(peer),
    ratio: ratio.toFixed(2),
    ...(cores === undefined ? {} : { bound: atLeast(smallest, ratio) }),
  };
}
