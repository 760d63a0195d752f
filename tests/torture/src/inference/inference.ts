import type { Program } from '../program.ts';
import { createRandom } from '../random.ts';
import { searchMarkers } from './markers.ts';
import { killUnderLoad } from './deaths.ts';
import { attackAnswers } from './hostile-answers.ts';
import { attackReports } from './hostile-reports.ts';
import { attackRequests, mutateInside } from './hostile-requests.ts';
import { openInferenceSite } from './site.ts';

const defaultFrames = 10_000;
const defaultKills = 3;

/**
 * The inference service as it is run, with its enclave and engines, and a host that manipulates sealed requests and answers of every channel,
 * clients that send mutated tensors, engines and enclaves that are killed under load, and a search of the memory of host and platform.
 *
 * `--frames` is the number of manipulations, `--moments` how often each is killed.
 */
export const inference: Program = async ({ seed, frames = defaultFrames, moments: kills = defaultKills }, tally) => {
  const random = createRandom(seed);
  const site = await openInferenceSite();
  const print = (what: string, counts: object): void =>
    void process.stdout.write(
      `${what}: ${JSON.stringify(counts)} (${((performance.now() - startedMs) / 1000).toFixed(1)} s)\n`,
    );
  const startedMs = performance.now();
  try {
    const life = await site.start();
    const options = { site, url: life.url, random, tally };
    for (const transport of ['one-shot', 'session'] as const) {
      print(`answers, ${transport}`, await attackAnswers(transport, { ...options, rounds: Math.ceil(frames / 4) }));
    }
    print('requests', await attackRequests({ ...options, rounds: Math.ceil(frames / 4) }));
    print('reports', await attackReports({ ...options, rounds: Math.ceil(frames / 20) }));
    print('mutated inside the seal', await mutateInside({ ...options, rounds: Math.ceil(frames / 4) }));
    await searchMarkers({ site, life, tally });
    print('markers searched', {});
    for (const line of await killUnderLoad({ site, life, kills, random, tally })) process.stdout.write(`${line}\n`);
    if (/fault: unexpected/.test(site.outputs())) tally.fail('The service had a fault that it did not expect.');
  } catch (error) {
    process.stdout.write(`Host and platform wrote last:\n${site.outputs().slice(-2000)}\n`);
    throw error;
  } finally {
    await site.close();
  }
};
