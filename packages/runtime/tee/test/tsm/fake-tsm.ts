import { utf8 } from '@enclos/codec';
import { errno, fakeFiles, type FakeNode } from '../fake-files.ts';

export const folder = '/sys/kernel/config/tsm/report';

export function snpReport(reportData: Uint8Array): Uint8Array {
  const report = new Uint8Array(1184);
  report[0] = 2;
  report.set(reportData, 0x50);
  return report;
}

export function tdQuote(reportData: Uint8Array, version = 4): Uint8Array {
  const body = version === 4 ? 48 : 54;
  const quote = new Uint8Array(body + 584 + 100);
  quote[0] = version;
  quote[2] = 2;
  quote[4] = 0x81;
  quote.set(reportData, body + 520);
  return quote;
}

interface Entry {
  writeGeneration: bigint;
  readGeneration: bigint;
  inblob: Uint8Array;
  level: number;
  service: string | undefined;
  out: Uint8Array | undefined;
}

export interface FakeTsmOptions {
  /** Undefined: no provider is registered. */
  readonly provider?: string | undefined;
  readonly report?: (reportData: Uint8Array, entry: Readonly<Entry>) => Uint8Array;
  readonly certificates?: Uint8Array;
  readonly manifest?: Uint8Array;
  readonly floor?: number;
  /** Failures of making a report, one for each attempt. */
  readonly failures?: string[];
  /** Runs at each read of `outblob`, before it is served. */
  readonly meanwhile?: (entry: Entry) => void;
  /** The generation that a new entry has. */
  readonly firstGeneration?: bigint;
  /** The generation that it was last read at. */
  readonly lastRead?: bigint;
  readonly makeFolder?: (path: string) => void;
}

const modulus = 2n ** 64n;

/**
 * configfs-tsm as `drivers/virt/coco/guest/report.c` and `fs/configfs/file.c` have it. A binary value is taken when its
 * file is closed, and what becomes of that nobody is told; every write counts, and is dropped with EBUSY when the count
 * would catch up with the last read; reading makes a report when the count says so; a report that two providers, or
 * none, could give is refused.
 */
export function fakeTsm(options: FakeTsmOptions = {}): ReturnType<typeof fakeFiles> & {
  readonly entries: ReadonlyMap<string, Entry>;
  readonly delays: number[];
  readonly delay: (delayMs: number) => Promise<void>;
} {
  const { provider = 'sev_guest', floor = 0, firstGeneration = 0n } = options;
  const registered = !('provider' in options) || options.provider !== undefined;
  const entries = new Map<string, Entry>();
  const isSev = provider === 'sev_guest';

  const advance = (entry: Entry): void => {
    if (entry.writeGeneration === (entry.readGeneration - 1n + modulus) % modulus) throw errno('EBUSY');
    entry.writeGeneration = (entry.writeGeneration + 1n) % modulus;
  };
  const make = (entry: Entry): Uint8Array => {
    if (entry.inblob.length === 0) throw errno('EINVAL');
    if (entry.out !== undefined && entry.readGeneration === entry.writeGeneration) return entry.out;
    // Both providers take 64 bytes and nothing else.
    if (entry.inblob.length !== 64) throw errno('EINVAL');
    const failure = options.failures?.shift();
    if (failure !== undefined) throw errno(failure);
    const standard = isSev ? snpReport(entry.inblob) : tdQuote(entry.inblob);
    entry.out = options.report?.(entry.inblob, entry) ?? standard;
    entry.readGeneration = entry.writeGeneration;
    return entry.out;
  };
  const text = (value: () => string): FakeNode => ({ when: 'open', load: () => utf8(`${value()}\n`) });
  const writable = (take: (value: string) => void): FakeNode => ({
    store: (bytes) => take(new TextDecoder().decode(bytes)),
  });
  const binary = (entry: Entry): FakeNode => {
    let buffer = new Uint8Array();
    return {
      store(bytes) {
        if (buffer.length + bytes.length > 64) throw errno('EFBIG');
        buffer = Uint8Array.of(...buffer, ...bytes);
      },
      closed() {
        try {
          advance(entry);
          entry.inblob = buffer;
        } catch {
          // configfs drops the result.
        }
        buffer = new Uint8Array();
      },
    };
  };
  const attributes = (entry: Entry): Readonly<Record<string, FakeNode>> => ({
    generation: text(() => String(entry.writeGeneration)),
    provider: text(() => provider),
    inblob: binary(entry),
    outblob: {
      load() {
        options.meanwhile?.(entry);
        return make(entry);
      },
    },
    ...(isSev
      ? {
          auxblob: { load: () => (make(entry), options.certificates ?? new Uint8Array()) },
          privlevel_floor: text(() => String(floor)),
          privlevel: writable((value) => {
            const level = /^[0-9]+\n?$/.test(value) ? Number(value) : Number.NaN;
            if (!(level >= floor && level <= 3)) throw errno('EINVAL');
            advance(entry);
            entry.level = level;
          }),
        }
      : {}),
    ...(options.manifest === undefined
      ? {}
      : {
          manifestblob: { load: () => (make(entry), options.manifest ?? new Uint8Array()) },
          service_provider: writable((value) => {
            advance(entry);
            entry.service = value.replace(/\n$/, '');
            if (entry.service !== 'svsm') throw errno('EINVAL');
          }),
        }),
  });
  const delays: number[] = [];
  const nodesOf = new Map<string, Readonly<Record<string, FakeNode>>>();
  const files = fakeFiles({
    node(path) {
      const at = path.lastIndexOf('/');
      if (path === folder) return {};
      const nodes = nodesOf.get(path.slice(0, at));
      const name = path.slice(at + 1);
      return nodes !== undefined && Object.hasOwn(nodes, name) ? nodes[name] : undefined;
    },
    makeFolder(path) {
      if (!path.startsWith(`${folder}/`)) throw errno('ENOENT');
      if (!registered) throw errno('ENXIO');
      options.makeFolder?.(path);
      if (entries.has(path)) throw errno('EEXIST');
      const entry: Entry = {
        writeGeneration: firstGeneration,
        readGeneration: options.lastRead ?? firstGeneration,
        inblob: new Uint8Array(),
        level: 0,
        service: undefined,
        out: undefined,
      };
      entries.set(path, entry);
      nodesOf.set(path, attributes(entry));
    },
    removeFolder(path) {
      if (!entries.delete(path)) throw errno('ENOENT');
      nodesOf.delete(path);
    },
  });
  return Object.assign(files, {
    entries,
    delays,
    async delay(delayMs: number) {
      delays.push(delayMs);
      await Promise.resolve();
    },
  });
}
