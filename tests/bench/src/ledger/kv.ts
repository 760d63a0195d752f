import { utf8 } from '@enclos/codec';
import { KvStore } from '@enclos/kv';
import { Map as PersistentMap } from 'immutable';
import { startProgram } from '../harness/child.ts';
import { atLeast, atMost, type Figure } from '../harness/figures.ts';
import { interleave } from '../harness/statistics.ts';
import { fileURLToPath } from 'node:url';

const largestMb = 150;
/** The rest is compiled code and what else the process has come to use. */
const leastCounted = 0.9;
const memoryEntries = 1_000_000;
const speedEntries = 100_000;
const rounds = 20_000;
/** Of the time of a persistent map, which can go back to any version and knows no transactions. */
const slowest = 2;

/** The store of the ledger: memory of a million entries, and a transaction that reads a key and writes it. */
export async function benchKv(): Promise<readonly Figure[]> {
  return [...(await memoryFigures()), await speedFigure()];
}

async function memoryFigures(): Promise<readonly Figure[]> {
  const { held: ours, used, counted } = await megabytesOf('kv');
  const figures: Figure[] = [
    {
      what: 'what the store counts as its own, against what its process uses more',
      ours: `${counted.toFixed(0)} MB`,
      peer: `${used.toFixed(0)} MB`,
      ratio: (counted / used).toFixed(2),
      bound: atLeast(leastCounted, counted / used),
    },
  ];
  for (const [kind, name] of [
    ['map', 'Map'],
    ['immutable', 'Immutable.Map'],
  ] as const) {
    const { held: peer } = await megabytesOf(kind);
    figures.push({
      what: `1,000,000 keys and values of 24 bytes, against ${name}`,
      ours: `${ours.toFixed(0)} MB`,
      peer: `${peer.toFixed(0)} MB`,
      ratio: (ours / peer).toFixed(2),
      bound: atMost(largestMb, ours, ' MB'),
    });
  }
  return figures;
}

async function megabytesOf(kind: string): Promise<Record<'counted' | 'held' | 'used', number>> {
  const program = fileURLToPath(new URL('../programs/kv-memory.js', import.meta.url));
  const child = startProgram(process.execPath, '--expose-gc', program, kind, String(memoryEntries));
  const [held = Number.NaN, used = Number.NaN, counted = Number.NaN] = (await child.nextLine()).split(' ').map(Number);
  await child.close();
  return { held: held / 1e6, used: used / 1e6, counted: counted / 1e6 };
}

async function speedFigure(): Promise<Figure> {
  const keys = Array.from({ length: speedEntries }, (_, at) => utf8(String(at).padStart(24, '0')));
  const store = new KvStore();
  const filler = store.begin();
  for (const key of keys) filler.map('m').set(key, new Uint8Array(24));
  store.commit(filler);
  let persistent = PersistentMap(keys.map((key) => [textOf(key), new Uint8Array(24)] as const));
  let at = 0;
  const nextKey = (): Uint8Array => keys[(at = (at + 7919) % keys.length)] ?? new Uint8Array();
  const { ours, peer, ratio } = await interleave(
    9,
    async () =>
      microsecondsEach(() => {
        const key = nextKey();
        const transaction = store.begin();
        const map = transaction.map('m');
        map.set(key, map.get(key) ?? key);
        store.commit(transaction);
        if (store.version % 1000 === 0) store.compact(store.version);
      }),
    async () =>
      microsecondsEach(() => {
        const key = textOf(nextKey());
        persistent = persistent.set(key, (persistent.get(key) ?? new Uint8Array()).slice());
      }),
  );
  return {
    what: 'a transaction of get and set, against get and set of Immutable.Map',
    ours: `${ours.toFixed(2)} µs`,
    peer: `${peer.toFixed(2)} µs`,
    ratio: ratio.toFixed(2),
    bound: atMost(slowest, ratio),
  };
}

const textOf = ({ buffer, byteOffset, length }: Uint8Array): string =>
  Buffer.from(buffer, byteOffset, length).toString('latin1');

function microsecondsEach(work: () => void): number {
  const start = process.cpuUsage();
  for (let round = 0; round < rounds; round++) work();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / rounds;
}
