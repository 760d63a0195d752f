import { runProgram } from '@enclos/host';
import { atMost, type Figure } from '../harness/figures.ts';
import { usedMicros } from '../harness/processor-time.ts';
import { readSigned } from '../harness/signed-folder.ts';
import { interleave, time } from '../harness/statistics.ts';
import type { Scene } from '../scene.ts';

const rounds = 15;
const mostRatio = 0.5;

/**
 * From the image to the first byte: the first line of a Go program, against the first answer of an enclave in TypeScript.
 * @param folders with image and signature
 */
export async function benchGoStart(
  scene: Scene,
  folders: { readonly hello: string; readonly server: string },
): Promise<readonly Figure[]> {
  const hello = await compareStarts(scene, await readSigned(folders.hello), {});
  const server = await compareStarts(scene, await readSigned(folders.server), {
    echo: { port: 0 },
    hash: { port: 0 },
  });
  const whole = 'from the image to the first byte; peer an enclave in TypeScript';
  const processor = 'the same, processor time of host, platform and enclave';
  const figure = (what: string, found: Ratio): Figure => ({
    what,
    ...ratioOf(found),
    bound: atMost(mostRatio, found.ratio),
  });
  return [
    figure(`Go, ${whole}`, hello.time),
    figure(processor, hello.processor),
    figure(`Go, a TLS server of ${server.megabytes.toFixed(1)} MB, ${whole}`, server.time),
    figure(processor, server.processor),
  ];
}

/** Milliseconds, and how they relate. */
type Ratio = Awaited<ReturnType<typeof interleave>>;

const ratioOf = ({ ours, peer, ratio }: Ratio): Pick<Figure, 'ours' | 'peer' | 'ratio'> => ({
  ours: `${ours.toFixed(0)} ms`,
  peer: `${peer.toFixed(0)} ms`,
  ratio: ratio.toFixed(2),
});

type Signed = Awaited<ReturnType<typeof readSigned>>;
type Listen = NonNullable<Parameters<typeof runProgram>[0]['listen']>;

async function compareStarts(
  scene: Scene,
  signed: Signed,
  listen: Listen,
): Promise<{ readonly time: Ratio; readonly processor: Ratio; readonly megabytes: number }> {
  const spent: { readonly ours: number[]; readonly peer: number[] } = { ours: [], peer: [] };
  const taken = await interleave(
    rounds,
    () => startTime(spent.ours, async () => startGo(scene, signed, listen)),
    () => startTime(spent.peer, async () => startTypeScript(scene)),
  );
  const [ours, peer] = [mean(spent.ours), mean(spent.peer)];
  return { time: taken, processor: { ours, peer, ratio: ours / peer }, megabytes: signed.image.length / 1e6 };
}

/**
 * Milliseconds of a start. What host, platform and enclave used of the processor for it is added to `spent`: while the enclave lives,
 * because a wrapper that ends first leaves it uncounted.
 * @param start returns what ends it
 */
async function startTime(spent: number[], start: () => Promise<() => Promise<void>>): Promise<number> {
  const before = usedMicros(process.pid);
  let end = async (): Promise<void> => undefined;
  const taken = await time(async () => {
    end = await start();
  });
  spent.push((usedMicros(process.pid) - before) / 1000);
  await end();
  return taken;
}

/** Of all rounds but the first, which warms up. Their sum is measured: a single one is too short for the clock of processes. */
const mean = ([, ...values]: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

async function startGo({ platform }: Scene, signed: Signed, listen: Listen): Promise<() => Promise<void>> {
  let heard = (): void => undefined;
  const firstLine = new Promise<void>((resolve) => (heard = resolve));
  const program = await runProgram({
    ...signed,
    launcher: platform,
    listen,
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
