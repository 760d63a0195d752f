import type { Relayed } from './streams.ts';

/** What a live torture did, in numbers. */
export interface Counts {
  frames: number;
  /** Enclaves or connections. */
  opened: number;
  /** What the other side said, and how often. */
  readonly heard: Map<string, number>;
  readonly relayed: Relayed;
  attack(name: string, frames: number): void;
  end(how: string): void;
  residentMiB(whose: string, value: number): void;
  text(): string;
}

const mebibytes = (sizeBytes: number): string => (sizeBytes / 2 ** 20).toFixed(1);

export function createCounts(): Counts {
  const heard = new Map<string, number>();
  const relayed = { opened: 0, sentBytes: 0, echoedBytes: 0 };
  const attacks = new Map<string, number>();
  const ends = new Map<string, number>();
  const resident = new Map<string, number>();
  const started = performance.now();
  const add = (map: Map<string, number>, key: string): void => void map.set(key, (map.get(key) ?? 0) + 1);
  const list = (map: ReadonlyMap<string, number>): readonly string[] =>
    [...map].toSorted(([, a], [, b]) => b - a).map(([name, count]) => `  ${String(count).padStart(6)}  ${name}`);
  return {
    frames: 0,
    opened: 0,
    heard,
    relayed,
    attack(name, frames) {
      add(attacks, name);
      this.frames += frames;
    },
    end: (how) => add(ends, how),
    residentMiB: (whose, value) => void resident.set(whose, Math.max(resident.get(whose) ?? 0, value)),
    text() {
      const memory = [...resident].map(([whose, value]) => `${whose} at most ${value.toFixed(0)} MiB`).join(', ');
      const seconds = (performance.now() - started) / 1000;
      return [
        `frames sent ${this.frames}, opened ${this.opened}, resident: ${memory}, ${seconds.toFixed(1)} s`,
        `streams opened ${relayed.opened}, ${mebibytes(relayed.sentBytes)} MiB to them, ${mebibytes(relayed.echoedBytes)} MiB back`,
        'heard:',
        ...list(heard),
        'last attacks:',
        ...list(attacks),
        'ends:',
        ...list(ends),
      ].join('\n');
    },
  };
}
