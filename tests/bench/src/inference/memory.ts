import { verifyInterpreter } from '@enclos/isolation';
import { atMost, type Figure } from '../harness/figures.ts';
import { memoryMb } from '../harness/memory.ts';
import { processesOf } from '../harness/placement.ts';
import { median } from '../harness/statistics.ts';
import { classifier, convolutions } from './models.ts';
import type { InferenceClientProcess, InferenceServers } from './servers.ts';

const parts = 10;
const reloads = 200;
const width = 8;
/** A leak of 1 KB a request, or of a tenth of a model a reload, is more. */
const mostMb = 32;

/** How the memory of the enclave and its engines together grows over many requests, and as many times as a model is loaded anew. */
export async function benchServiceMemory(
  servers: InferenceServers,
  client: InferenceClientProcess,
  requests: number,
): Promise<readonly Figure[]> {
  const { path } = await verifyInterpreter();
  const usedMb = (): number =>
    processesOf(path, servers.hostProcessId).reduce((sum, id) => sum + memoryMb(id, 'Rss'), 0);
  const each = Math.ceil(requests / parts);
  const ask = (): Promise<number> =>
    client.number({ do: 'rate', way: 'oneShot', model: classifier().model, calls: each, width });
  const reload = (): Promise<number> =>
    client.number({ do: 'reload', model: convolutions().model, times: reloads / parts });
  return [
    await growth(`${parts * each} one-shot requests`, usedMb, ask),
    await growth(`${reloads} times a model of 2.2 MB is unloaded and loaded`, usedMb, reload),
  ];
}

/** Between the first parts, in which heaps take their size, and the last ones. */
async function growth(what: string, usedMb: () => number, part: () => Promise<unknown>): Promise<Figure> {
  const seen: number[] = [];
  for (let done = 0; done < parts; done++) {
    await part();
    seen.push(usedMb());
  }
  const [before, after] = [median(seen.slice(2, 5)), median(seen.slice(-3))];
  return {
    what: `memory of the enclave and its engines (RSS) after ${what}; peer after the first third`,
    ours: `${after.toFixed(0)} MB`,
    peer: `${before.toFixed(0)} MB`,
    ratio: `${(after - before).toFixed(0)} MB more`,
    bound: atMost(mostMb, after - before, ' MB more'),
  };
}
