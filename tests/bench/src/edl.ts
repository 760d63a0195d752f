import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compileEdl, type Dialect } from '@enclos/edl-compiler';
import { atMost, type Figure } from './harness/figures.ts';
import { endedChildrenMicros } from './harness/processor-time.ts';
import { interleave, median } from './harness/statistics.ts';

const lines = 20_000;
const fewerLines = 2_000;
const rounds = 5;
const mostSeconds = 2;
/** A line of a long file against one of a short file. What grew with the square of the file would be at 10. */
const mostGrowth = 2;
const command = fileURLToPath(new URL('../../../../packages/cli/bin/enclos.js', import.meta.url));

/** Compiling long interfaces: `enclos edl check` as a process, and how the time grows with the file. */
export async function benchEdl(): Promise<readonly Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'enclos-bench-edl-'));
  try {
    const figures: Figure[] = [];
    for (const dialect of ['oe', 'intel'] as const) {
      figures.push(checked(join(folder, `${dialect}.edl`), dialect), await growth(dialect));
    }
    return figures;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Processor time, so that what else the machine does is not counted. It is more than passes: the collector of garbage has its own threads. */
function checked(file: string, dialect: Dialect): Figure {
  const text = interfaceOf(dialect, lines);
  writeFileSync(file, text);
  const samples: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const before = endedChildrenMicros();
    execFileSync(process.execPath, [command, 'edl', 'check', file, '--dialect', dialect], { stdio: 'ignore' });
    samples.push(endedChildrenMicros() - before);
  }
  const seconds = median(samples) / 1e6;
  return {
    what: `edl: ${lines.toLocaleString('en')} lines, ${(text.length / 1e6).toFixed(1)} MB, --dialect ${dialect}; peer the limit`,
    ours: `${seconds.toFixed(2)} s`,
    peer: `${mostSeconds} s`,
    ratio: (seconds / mostSeconds).toFixed(2),
    bound: atMost(mostSeconds, seconds, ' s'),
  };
}

async function growth(dialect: Dialect): Promise<Figure> {
  const { ours, peer, ratio } = await interleave(
    rounds,
    async () => microsOfLine(dialect, lines),
    async () => microsOfLine(dialect, fewerLines),
  );
  return {
    what: `edl: a line of them, --dialect ${dialect}; peer a line of ${fewerLines.toLocaleString('en')}`,
    ours: `${ours.toFixed(1)} µs`,
    peer: `${peer.toFixed(1)} µs`,
    ratio: ratio.toFixed(2),
    bound: atMost(mostGrowth, ratio),
  };
}

/** Both lengths compile as many lines, so that both warm up alike. */
function microsOfLine(dialect: Dialect, count: number): number {
  const text = interfaceOf(dialect, count);
  const before = process.cpuUsage();
  for (let done = 0; done < lines; done += count) {
    const { model, diagnostics } = compileEdl({ file: 'a.edl', read: () => text, dialect });
    if (model === undefined) throw new Error(`the interface is refused: ${diagnostics[0]?.text}`);
  }
  const { user, system } = process.cpuUsage(before);
  return (user + system) / lines;
}

/** An interface of at least so many lines: types, ECALLs and OCALLs that use them, comments and directives. */
function interfaceOf(dialect: Dialect, count: number): string {
  const parts: string[] = [];
  for (let length = 2, index = 0; length < count; index++) {
    const part = partOf(dialect, index);
    parts.push(part);
    length += part.split('\n').length - 1;
  }
  return `enclave {\n${parts.join('')}};\n`;
}

function partOf(dialect: Dialect, index: number): string {
  const isIntel = dialect === 'intel';
  return `    /* Part ${index} of the interface:
     * what it stores, and how it is asked for. */
    enum kind_${index} {
        KIND_${index}_NONE,
        KIND_${index}_SOME = ${index},
        KIND_${index}_ALL
    };

    struct item_${index} {
        uint64_t id;
        enum kind_${index} kind;
        char name[32];
        size_t length;
        [size=length] uint8_t* data;
    };

    trusted {
        // Stores an item.
        public int store_${index}(
            [in] struct item_${index}* item,
            [in, string] const char* folder,
            uint32_t flags);
        public int find_${index}(uint64_t id, [out, size=room] uint8_t* data, size_t room, [out] size_t* length);
        public int sum_${index}([in, count=n] const int32_t* values, size_t n, [in, out] int64_t* total);
${isIntel ? `        void told_${index}([user_check] void* context);\n` : ''}#ifdef DEBUG
        public void dump_${index}(int level);
#endif
    };

    untrusted {
        int read_${index}([in, string] const char* path, [out, size=room] void* data, size_t room)${isIntel ? ` allow(told_${index})` : ''} propagate_errno;
        void log_${index}(enum kind_${index} kind, [in, string] const char* line);
    };

`;
}
