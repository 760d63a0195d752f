import { runProgram } from '@enclos/host';
import { atMost, type Figure } from '../harness/figures.ts';
import { usedMicros } from '../harness/processor-time.ts';
import { readSigned } from '../harness/signed-folder.ts';
import { interleave, time } from '../harness/statistics.ts';
import type { Scene } from '../scene.ts';

const rounds = 15;
const mostRatio = 0.5;

/** From the image to the first byte: the first line of the Go server, against the first answer of an enclave in TypeScript. */
export async function benchGoStart(scene: Scene, folder: string): Promise<readonly Figure[]> {
  const signed = await readSigned(folder);
  const spent: { readonly ours: number[]; readonly peer: number[] } = { ours: [], peer: [] };
  const { ours, peer, ratio } = await interleave(
    rounds,
    () => startTime(spent.ours, async () => startGo(scene, signed)),
    () => startTime(spent.peer, async () => startTypeScript(scene)),
  );
  const processor = { ours: total(spent.ours), peer: total(spent.peer) };
  return [
    {
      what: 'Go, from the image to the first byte: time; peer an enclave in TypeScript',
      ours: `${ours.toFixed(0)} ms`,
      peer: `${peer.toFixed(0)} ms`,
      ratio: ratio.toFixed(2),
      bound: atMost(mostRatio, ratio),
    },
    {
      what: 'the same, and to the end: processor time of host, platform and enclave',
      ours: `${(processor.ours / rounds).toFixed(0)} ms`,
      peer: `${(processor.peer / rounds).toFixed(0)} ms`,
      ratio: (processor.ours / processor.peer).toFixed(2),
      bound: atMost(mostRatio, processor.ours / processor.peer),
    },
  ];
}

/** Milliseconds of a start. What it and the end took of the processor is added to `spent`. @param start returns what ends it */
async function startTime(spent: number[], start: () => Promise<() => Promise<void>>): Promise<number> {
  const before = usedMicros(process.pid) / 1000;
  let end = async (): Promise<void> => undefined;
  const taken = await time(async () => {
    end = await start();
  });
  await end();
  spent.push(usedMicros(process.pid) / 1000 - before);
  return taken;
}

/** Of all rounds but the first, which warms up: single ones are too short for the clock of ended processes. */
const total = (values: readonly number[]): number => values.slice(1).reduce((sum, value) => sum + value, 0);

async function startGo(
  { platform }: Scene,
  signed: Awaited<ReturnType<typeof readSigned>>,
): Promise<() => Promise<void>> {
  let heard = (): void => undefined;
  const firstLine = new Promise<void>((resolve) => (heard = resolve));
  const program = await runProgram({
    ...signed,
    launcher: platform,
    listen: { echo: { port: 0 }, hash: { port: 0 } },
    onLog: () => heard(),
  });
  const ended = program.exited.then(() => {
    throw new Error('The Go server has ended without a line.');
  });
  // Later it ends because it is told to.
  ended.catch(() => undefined);
  await Promise.race([firstLine, ended]);
  return () => program.dispose();
}

async function startTypeScript(scene: Scene): Promise<() => Promise<void>> {
  const enclave = await scene.load();
  await enclave.call.echo({ data: Uint8Array.of(1) });
  return () => enclave.dispose();
}
