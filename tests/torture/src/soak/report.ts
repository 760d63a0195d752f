import type { Tally } from '../program.ts';
import { growth, type Sample, type Series } from './samples.ts';

/** Most that a series may grow over the whole time after the warm-up, by linear regression. */
const bounds: Readonly<Record<Exclude<Series, 'enclaveMiB'>, number>> = {
  hostMiB: 32,
  hostHeapMiB: 8,
  hostExternalMiB: 16,
  hostDescriptors: 4,
  platformMiB: 32,
  platformDescriptors: 4,
};
/** Most that an enclave may grow within one life: it collects garbage when it likes, below its heap size. */
const enclaveBoundMiB = 64;
const shareOfWarmUp = 0.2;
/** An enclave is warm after so many seconds, and is looked at when it then lives for as many again. */
const enclaveWarmSeconds = 15;

const number = (value: number): string => value.toFixed(1).padStart(10);

/** Prints what became of memory and descriptors, and judges it. */
export function judgeSamples(samples: readonly Sample[], tally: Tally): void {
  const last = samples.at(-1);
  if (last === undefined || samples.length < 10) {
    tally.fail('too few samples');
    return;
  }
  const warm = samples.filter(({ seconds }) => seconds >= last.seconds * shareOfWarmUp);
  print(['series', 'first', 'last', 'most', 'growth', 'bound']);
  for (const [name, bound] of Object.entries(bounds) as [keyof typeof bounds, number][]) {
    const grown = growth(warm, name);
    const values = warm.map((sample) => sample[name]);
    print([name, values[0] ?? 0, values.at(-1) ?? 0, Math.max(...values), grown, bound]);
    if (grown <= bound) tally.pass();
    else tally.fail(`${name} grew by ${grown.toFixed(1)}, which is more than ${bound}`);
  }
  judgeLives(samples, tally);
}

function judgeLives(samples: readonly Sample[], tally: Tally): void {
  const lives = new Set(samples.map(({ life }) => life));
  let worst = 0;
  let judged = 0;
  for (const life of lives) {
    const own = samples.filter((sample) => sample.life === life && sample.enclaveMiB > 0);
    const warmFrom = (own[0]?.seconds ?? 0) + enclaveWarmSeconds;
    const warm = own.filter(({ seconds }) => seconds >= warmFrom);
    if ((warm.at(-1)?.seconds ?? 0) - warmFrom < enclaveWarmSeconds) continue;
    judged += 1;
    worst = Math.max(worst, growth(warm, 'enclaveMiB'));
  }
  const most = Math.max(...samples.map(({ enclaveMiB }) => enclaveMiB));
  print([`enclaveMiB (${judged} lives)`, 0, 0, most, worst, enclaveBoundMiB]);
  if (worst <= enclaveBoundMiB) tally.pass();
  else tally.fail(`an enclave grew by ${worst.toFixed(1)} MiB in one life, which is more than ${enclaveBoundMiB}`);
}

function print(cells: readonly (string | number)[]): void {
  const texts = cells.map((cell) => (typeof cell === 'number' ? number(cell) : cell.padStart(10)));
  process.stdout.write(`${[String(cells[0]).padEnd(24), ...texts.slice(1)].join('')}\n`);
}
