import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findStub } from '@enclos/sgx-stub';
import { compileStub } from '@enclos/sgx-stub/building';
import { startBareEcho } from './harness/bare-echo.ts';
import { atLeast, atMost, type Bound, type Figure } from './harness/figures.ts';
import { place, placements } from './harness/placement.ts';
import { bareInterpreter } from './harness/sandbox.ts';
import { startBareGate, startCopier } from './harness/sgx-gate.ts';
import { interleave, median, medianCallMicros, time } from './harness/statistics.ts';

/** The most that an entry with its exit may take, in microseconds: in the process, and beside an echo of the same bytes. */
const most = { inProcess: 0.5, ratio: 1.5, more: 8 };
const smallestBulk = 0.5;
const message = new Uint8Array(128);
const mebibyte = new Uint8Array(2 ** 20).fill(7);
const repetitions = 100_000;

/** The stub of signed SGX enclaves alone: without platform, isolation and the runtime of a host. */
export async function benchSgx(): Promise<readonly Figure[]> {
  return [...(await entriesInProcess()), ...(await entriesThroughGate()), ...(await bulkThroughGate())];
}

/** In a stub that is built for this: one that repeats an entry as often as it is told. */
async function entriesInProcess(): Promise<readonly Figure[]> {
  const { compiler } = findStub();
  const folder = await mkdtemp(join(tmpdir(), 'enclos-bench-'));
  const path = join(folder, 'stub');
  await compileStub(compiler.split(' ')[0] ?? 'gcc-14', path, ['STUB_BENCH']);
  const figures: Figure[] = [];
  for (const fastExit of [true, false]) {
    const gate = await startBareGate(path, { fastExit });
    const samples: number[] = [];
    for (let i = 0; i < 11; i++) samples.push((await time(async () => gate.enter(repetitions))) / repetitions);
    const micros = median(samples) * 1000;
    await gate.close();
    figures.push({
      what: `SGX enclave: entry and exit in the process, ${fastExit ? 'fast exits' : 'exits that trap'}`,
      ours: `${micros.toFixed(2)} µs`,
      ...(fastExit ? { bound: atMost(most.inProcess, micros, ' µs') } : {}),
    });
  }
  await rm(folder, { recursive: true });
  return figures;
}

async function entriesThroughGate(): Promise<readonly Figure[]> {
  const interpreter = await bareInterpreter();
  const echo = await startBareEcho(interpreter, { framed: false, sandboxed: false });
  const figures: Figure[] = [];
  for (const fastExit of [true, false]) {
    const gate = await startBareGate(findStub().path, { fastExit });
    for (const { name, cores } of placements()) {
      for (const program of [interpreter.path, findStub().path]) place({ name, cores }, program);
      const { ours, peer, ratio } = await interleave(
        15,
        async () => medianCallMicros(400, async () => gate.enter()),
        async () => medianCallMicros(400, async () => echo.roundTrip(message)),
      );
      const isBound = cores !== undefined && cores[0] === cores[1];
      figures.push({
        what: `SGX enclave: empty call, p50, ${fastExit ? 'fast exits' : 'exits that trap'}, ${name}`,
        ours: `${ours.toFixed(1)} µs`,
        peer: `${peer.toFixed(1)} µs`,
        ratio: ratio.toFixed(2),
        ...(isBound ? { bound: withinEcho(ours, peer) } : {}),
      });
    }
    await gate.close();
  }
  await echo.close();
  await interpreter.close();
  return figures;
}

/** Not slower than the echo by more than the ratio, and what the instructions of SGX take. */
function withinEcho(ours: number, peer: number): Bound {
  return { text: `at most ${most.ratio} × and ${most.more} µs`, met: ours <= most.ratio * peer + most.more };
}

/** Against a program that gives back what it reads at once, while more is on its way: it need not have all of it first. */
async function bulkThroughGate(): Promise<readonly Figure[]> {
  const gate = await startBareGate(findStub().path, { fastExit: false });
  const copier = startCopier();
  const perSecond = async (once: () => Promise<void>): Promise<number> => {
    const times: number[] = [];
    for (let i = 0; i < 30; i++) times.push(await time(once));
    return (2 * mebibyte.length) / median(times) / 1e6;
  };
  const { ours, peer, ratio } = await interleave(
    9,
    async () => perSecond(async () => gate.echo(mebibyte)),
    async () => perSecond(async () => copier.roundTrip(mebibyte)),
  );
  await Promise.all([gate.close(), copier.close()]);
  return [
    {
      what: 'SGX enclave: 1 MiB in, through the enclave, and out, against a bare pipe that keeps it whole',
      ours: `${ours.toFixed(2)} GB/s`,
      peer: `${peer.toFixed(2)} GB/s`,
      ratio: ratio.toFixed(2),
      bound: atLeast(smallestBulk, ratio),
    },
  ];
}
