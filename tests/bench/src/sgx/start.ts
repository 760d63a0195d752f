import { atMost, type Figure } from '../harness/figures.ts';
import { interleave, median, time } from '../harness/statistics.ts';
import type { BenchEnclave } from '../load-bench.ts';
import type { SgxEnclaves, SgxImageSize } from './enclaves.ts';

const mostMs = 60;
const mostOfTypeScript = 0.4;
const hello = Uint8Array.of(1, 2, 3);

/** Loads the enclave in TypeScript that others are compared with. */
type LoadTypeScript = () => Promise<BenchEnclave>;

/**
 * To the first answered call of a fresh enclave: the pages are read from the file, measured, sent and placed, the signature is checked, and the
 * runtime of the SDK begins. The peer is the start of an enclave in TypeScript on the same platform.
 */
export async function benchSgxStart(enclaves: SgxEnclaves, load: LoadTypeScript): Promise<readonly Figure[]> {
  const figures: Figure[] = [];
  for (const size of ['small', 'large'] as const) figures.push(...(await startOf(size, enclaves, load)));
  return figures;
}

async function startOf(size: SgxImageSize, enclaves: SgxEnclaves, load: LoadTypeScript): Promise<readonly Figure[]> {
  const launches: number[] = [];
  const { ours, peer, ratio } = await interleave(
    15,
    async () => {
      const { loadMs, launchMs } = await loaded(size, enclaves);
      launches.push(launchMs);
      return loadMs;
    },
    async () => typeScript(load),
  );
  const launchMs = median(launches);
  const name = size === 'small' ? 'small image' : 'image of 9 MB';
  return [
    {
      what: `SGX enclave: from its launch, before exec of the stub, to the first answered call, ${name}`,
      ours: `${launchMs.toFixed(0)} ms`,
      bound: atMost(mostMs, launchMs, ' ms'),
    },
    {
      what: `SGX enclave: loadSgxEnclave to the first answered call, ${name}, against an enclave in TypeScript`,
      ours: `${ours.toFixed(0)} ms`,
      peer: `${peer.toFixed(0)} ms`,
      ratio: ratio.toFixed(2),
      bound: atMost(mostOfTypeScript, ratio),
    },
  ];
}

/** The whole, and what of it began when the platform was asked to launch: the platform starts the stub only after that. */
async function loaded(
  size: SgxImageSize,
  enclaves: SgxEnclaves,
): Promise<{ readonly loadMs: number; readonly launchMs: number }> {
  let launchedAt = Number.NaN;
  const launcher: SgxEnclaves['launcher'] = {
    ...enclaves.launcher,
    async launchSgx(request) {
      launchedAt = performance.now();
      return enclaves.launcher.launchSgx(request);
    },
  };
  const startedAt = performance.now();
  const enclave = await enclaves.load(size, { launcher });
  await enclave.ecalls.ecall_nothing();
  const answeredAt = performance.now();
  await enclave.dispose();
  return { loadMs: answeredAt - startedAt, launchMs: answeredAt - launchedAt };
}

async function typeScript(load: LoadTypeScript): Promise<number> {
  let enclave: BenchEnclave | undefined;
  const taken = await time(async () => {
    enclave = await load();
    await enclave.call.echo({ data: hello });
  });
  await enclave?.dispose();
  return taken;
}
