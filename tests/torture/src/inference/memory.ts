import { closeSync, openSync, readFileSync, readSync } from 'node:fs';

const windowBytes = 4_194_304;
/** Mappings of the kernel that cannot be read. */
const unreadable = /\[v(?:var|syscall|var_vclock)\]/;

/** Which of the markers the memory of a process holds, searched as a debugger would (proc(5), /proc/PID/mem). Needs the right to trace it. */
export function markersIn(processId: number, markers: readonly Buffer[]): readonly number[] {
  const found = new Set<number>();
  const longest = Math.max(...markers.map(({ length }) => length));
  const memory = openSync(`/proc/${processId}/mem`, 'r');
  const window = Buffer.alloc(windowBytes + longest);
  try {
    for (const [from, to] of readableRanges(processId)) {
      for (let at = from; at < to; at += BigInt(windowBytes)) {
        const wanted = Number(to - at < BigInt(window.length) ? to - at : BigInt(window.length));
        const count = readAt(memory, window, { length: wanted, position: at });
        for (const [index, marker] of markers.entries()) {
          if (!found.has(index) && window.subarray(0, count).includes(marker)) found.add(index);
        }
      }
    }
  } finally {
    closeSync(memory);
  }
  return [...found].toSorted((a, b) => a - b);
}

function readableRanges(processId: number): readonly (readonly [bigint, bigint])[] {
  const lines = readFileSync(`/proc/${processId}/maps`, 'latin1').split('\n');
  return lines.flatMap((line) => {
    const [, from, to, access = '', path = ''] = /^([0-9a-f]+)-([0-9a-f]+) (r.)\S+ \S+ \S+ \S+ *(.*)$/.exec(line) ?? [];
    if (from === undefined || to === undefined || unreadable.test(line)) return [];
    // What is mapped from a file and cannot be written is the file.
    if (access === 'r-' && path.startsWith('/')) return [];
    return [[BigInt(`0x${from}`), BigInt(`0x${to}`)] as const];
  });
}

interface Place {
  readonly length: number;
  readonly position: bigint;
}

/** Pages may go while they are read. */
function readAt(memory: number, buffer: Buffer, { length, position }: Place): number {
  try {
    return readSync(memory, buffer, 0, length, position);
  } catch {
    return 0;
  }
}
