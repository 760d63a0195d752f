import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findStub } from '@enclos/sgx-stub';
import { compileStub } from '@enclos/sgx-stub/building';
import { startBareEcho } from '../harness/bare-echo.ts';
import { atMost, type Figure } from '../harness/figures.ts';
import { bareInterpreter } from '../harness/sandbox.ts';
import { median, time } from '../harness/statistics.ts';
import { startBareGate } from './bare-gate.ts';
import { againstEcho, againstPipe } from './peers.ts';

/** The most that an entry with its exit may take in the process, in microseconds. */
const mostInProcess = 0.5;
const repetitions = 100_000;

/** The stub of signed SGX enclaves alone: without platform, isolation and the runtime of a host. */
export async function benchStub(): Promise<readonly Figure[]> {
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
      ...(fastExit ? { bound: atMost(mostInProcess, micros, ' µs') } : {}),
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
    const what = `empty call, p50, ${fastExit ? 'fast exits' : 'exits that trap'}`;
    figures.push(...(await againstEcho(what, async () => gate.enter(), { echo, interpreter })));
    await gate.close();
  }
  await echo.close();
  await interpreter.close();
  return figures;
}

async function bulkThroughGate(): Promise<readonly Figure[]> {
  const gate = await startBareGate(findStub().path, { fastExit: false });
  const figures = await againstPipe('1 MiB in, through the enclave, and out', async (content) => gate.echo(content));
  await gate.close();
  return figures;
}
