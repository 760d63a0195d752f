import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { findStub } from '@enclos/sgx-stub';
import type { BareEcho } from '../harness/bare-echo.ts';
import { atLeast, type Bound, type Figure } from '../harness/figures.ts';
import { place, placements } from '../harness/placement.ts';
import type { BareInterpreter } from '../harness/sandbox.ts';
import { interleave, median, medianCallMicros, time } from '../harness/statistics.ts';

/** The most that an empty call may take beside an echo of as many bytes: so many times as long, and so many microseconds. */
const mostOfEcho = { ratio: 1.5, more: 8 };
const leastOfPipe = 0.5;
/** A request of a gate without a body. */
const message = new Uint8Array(128);
const mebibyte = new Uint8Array(2 ** 20).fill(7);

export interface EchoPeer {
  readonly echo: BareEcho;
  readonly interpreter: BareInterpreter;
}

/** One call at a time, beside the bare echo of `bench -- calls` with the bytes of a gate; bounded on one core. */
export async function againstEcho(
  what: string,
  call: () => Promise<unknown>,
  { echo, interpreter }: EchoPeer,
): Promise<readonly Figure[]> {
  const figures: Figure[] = [];
  for (const { name, cores } of placements()) {
    for (const program of [interpreter.path, findStub().path]) place({ name, cores }, program);
    const { ours, peer, ratio } = await interleave(
      15,
      async () => medianCallMicros(400, call),
      async () => medianCallMicros(400, async () => echo.roundTrip(message)),
    );
    const isBound = cores !== undefined && cores[0] === cores[1];
    figures.push({
      what: `SGX enclave: ${what}, ${name}`,
      ours: `${ours.toFixed(1)} µs`,
      peer: `${peer.toFixed(1)} µs`,
      ratio: ratio.toFixed(2),
      ...(isBound ? { bound: withinEcho(ours, peer) } : {}),
    });
  }
  return figures;
}

/** Not slower than the echo by more than the ratio, and what the instructions of SGX take. */
function withinEcho(ours: number, peer: number): Bound {
  const { ratio, more } = mostOfEcho;
  return { text: `at most ${ratio} × and ${more} µs`, met: ours <= ratio * peer + more };
}

/** 1 MiB there and back, against a program that gives back what it reads at once, while more is on its way: it need not have all of it first. */
export async function againstPipe(
  what: string,
  echo: (content: Uint8Array) => Promise<unknown>,
): Promise<readonly Figure[]> {
  const copier = startCopier();
  const perSecond = async (roundTrip: () => Promise<unknown>): Promise<number> => {
    const times: number[] = [];
    for (let i = 0; i < 30; i++) times.push(await time(roundTrip));
    return (2 * mebibyte.length) / median(times) / 1e6;
  };
  const { ours, peer, ratio } = await interleave(
    9,
    async () => perSecond(async () => echo(mebibyte)),
    async () => perSecond(async () => copier.roundTrip(mebibyte)),
  );
  await copier.close();
  return [
    {
      what: `SGX enclave: ${what}, against a bare pipe that keeps it whole`,
      ours: `${ours.toFixed(2)} GB/s`,
      peer: `${peer.toFixed(2)} GB/s`,
      ratio: ratio.toFixed(2),
      bound: atLeast(leastOfPipe, ratio),
    },
  ];
}

/** A bare pipe: `cat`, which gives back what it is given. This end keeps it in one piece, as a result must be. */
interface Copier {
  roundTrip(bytes: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

function startCopier(): Copier {
  const child = spawn('cat', { stdio: ['pipe', 'pipe', 'ignore'] });
  const gone = once(child, 'exit');
  let whole = Buffer.alloc(0);
  let filled = 0;
  let arrived = (): void => undefined;
  child.stdout.on('data', (chunk: Uint8Array) => {
    whole.set(chunk, filled);
    filled += chunk.length;
    if (filled === whole.length) arrived();
  });
  return {
    roundTrip: async (bytes) =>
      new Promise((resolve) => {
        whole = Buffer.allocUnsafeSlow(bytes.length);
        filled = 0;
        arrived = resolve;
        child.stdin.write(bytes);
      }),
    async close() {
      child.stdin.end();
      await gone;
    },
  };
}
