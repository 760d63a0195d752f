import { findStub } from '@enclos/sgx-stub';
import { MAX_SGX_PIECES } from '@enclos/tee';
import { atMost, type Figure } from '../harness/figures.ts';
import { interleave, median, time } from '../harness/statistics.ts';
import type { BenchEnclave } from '../load-bench.ts';
import { startBareGate } from './bare-gate.ts';
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
  const fromBytes: number[] = [];
  const alone: number[] = [];
  const { ours, peer, ratio } = await interleave(
    15,
    async () => {
      const { loadMs, launchMs, fromBytesMs } = await loaded(size, enclaves);
      launches.push(launchMs);
      fromBytes.push(fromBytesMs);
      alone.push(await readyAlone());
      return loadMs;
    },
    async () => typeScript(load),
  );
  const launchMs = median(launches);
  const name = size === 'small' ? 'small image' : 'image of 9 MB';
  const aloneMs = median(alone);
  const fromExecMs = aloneMs + median(fromBytes);
  return [
    {
      what: `SGX enclave: from its launch, with all wrappers before exec of the stub, to the first answered call, ${name}`,
      ours: `${launchMs.toFixed(0)} ms`,
      ...(size === 'small' ? { bound: atMost(mostMs, launchMs, ' ms') } : {}),
    },
    ...(size === 'small'
      ? []
      : [
          {
            what: `SGX enclave: from exec of the stub (${aloneMs.toFixed(1)} ms of its start, as it is alone, and then from when it has taken bytes) to the first answered call, ${name}`,
            ours: `${fromExecMs.toFixed(0)} ms`,
            bound: atMost(mostMs, fromExecMs, ' ms'),
          },
        ]),
    {
      what: `SGX enclave: loadSgxEnclave to the first answered call, ${name}, against an enclave in TypeScript`,
      ours: `${ours.toFixed(0)} ms`,
      peer: `${peer.toFixed(0)} ms`,
      ratio: ratio.toFixed(2),
      bound: atMost(mostOfTypeScript, ratio),
    },
  ];
}

interface LoadTimes {
  readonly loadMs: number;
  /** Of it, from when the platform was asked to launch: it starts the stub only after that. */
  readonly launchMs: number;
  /** Of it, from when the stub was known to have taken bytes; NaN for an image of few pieces. */
  readonly fromBytesMs: number;
}

async function loaded(size: SgxImageSize, enclaves: SgxEnclaves): Promise<LoadTimes> {
  let launchedAt = Number.NaN;
  let takenAt = Number.NaN;
  const launcher: SgxEnclaves['launcher'] = {
    ...enclaves.launcher,
    async launchSgx(request) {
      launchedAt = performance.now();
      const stream = watched(request.stream, () => (takenAt = performance.now()));
      return enclaves.launcher.launchSgx({ ...request, stream });
    },
  };
  const startedAt = performance.now();
  const enclave = await enclaves.load(size, { launcher });
  await enclave.ecalls.ecall_nothing();
  const answeredAt = performance.now();
  await enclave.dispose();
  return {
    loadMs: answeredAt - startedAt,
    launchMs: answeredAt - launchedAt,
    fromBytesMs: answeredAt - takenAt,
  };
}

/** Of those that are under way at once, one more waits for the answer to the first, and the one after it is asked for when that is there. */
const askedForWhenTaken = MAX_SGX_PIECES + 2;

/** @param taken is called when a piece is asked for that is not before the process has taken the first */
async function* watched(stream: SgxStream, taken: () => void): AsyncGenerator<Uint8Array> {
  let asked = 1;
  for await (const piece of stream) {
    yield piece;
    asked += 1;
    if (asked === askedForWhenTaken) taken();
  }
}

type SgxStream = Parameters<SgxEnclaves['launcher']['launchSgx']>[0]['stream'];

/** From before the fork until a stub without wrappers waits for pages: more than from its exec. */
async function readyAlone(): Promise<number> {
  const gate = await startBareGate(findStub().path, { fastExit: false });
  await gate.close();
  return gate.readyMs;
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
