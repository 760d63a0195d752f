import { existsSync } from 'node:fs';
import type { IsolationLayer } from '@enclos/tee';
import { atMost, exactly } from './starter.ts';

/** The search path of a program that is started without a PATH (execvp(3), confstr(3)). */
const programFolders = ['/bin', '/usr/bin'];

/** The starter accepts only paths of programs. @returns the name itself when the program is missing; it then does not start. */
export function pathOf(program: string): string {
  return programFolders.map((folder) => `${folder}/${program}`).find((path) => existsSync(path)) ?? program;
}

/** The words, with the program replaced by its path. */
export function byPath([program, ...others]: readonly string[]): readonly string[] {
  return program === undefined ? [] : [program.startsWith('/') ? program : pathOf(program), ...others];
}

/** The limits that the starter sets before anything else of an enclave runs. */
export interface OuterLimits {
  /** The first descriptor that is closed. */
  readonly closeFrom: number;
  readonly heapSizeBytes: bigint;
  /** Memory that the platform itself needs in the enclave's process. */
  readonly extraDataBytes?: bigint;
}

const minimumHeapBytes = 16n * 1024n * 1024n;
const mebibyte = 1024n * 1024n;
/** Memory that the interpreter maps before it runs anything: code range, thread stacks, the start of its heap. */
const interpreterDataBytes = 640n * mebibyte;
/**
 * RLIMIT_AS bounds memory that does not count as data: memory that was written and then made read-only is no longer data
 * (mm/mprotect.c), so no other limit bounds what native code keeps that way. The interpreter needs half of this. It reserves no
 * address space around the memories of WebAssembly (`--disable-wasm-trap-handler`), which would be 8 GiB for each.
 */
const addressSpaceBytes = 4n * 1024n * mebibyte;
/** The stack of the first thread. The stacks of other threads count under RLIMIT_DATA. */
const stackBytes = 8n * mebibyte;
/** Data that waits in pipes and in messages with descriptors takes memory that no other limit counts. */
const maxDescriptors = 1024;

/** The words for each part of the outer limits, by its layer. */
export const limitWords = {
  descriptors: ({ closeFrom }: OuterLimits): readonly string[] => [`c${closeFrom}`, ...atMost('files', maxDescriptors)],
  /**
   * RLIMIT_DATA: the heap flag bounds JavaScript objects, and this bounds them together with buffers and WebAssembly
   * memory, which may need as much again.
   */
  memory: ({ heapSizeBytes, extraDataBytes = 0n }: OuterLimits): readonly string[] => [
    ...atMost('data', interpreterDataBytes + 2n * heapSizeBytes + extraDataBytes),
    ...atMost('addressSpace', addressSpaceBytes + 2n * heapSizeBytes + extraDataBytes),
    ...atMost('stack', stackBytes),
  ],
  // Not 0: the kernel pipes a dump to a collector whatever the limit, unless it is 1 (core(5)).
  'no-dumps': (): readonly string[] => exactly('core', 1),
} as const;

export type LimitName = keyof typeof limitWords;
const limitNames: readonly LimitName[] = ['descriptors', 'memory', 'no-dumps'];

/** The outer limits that the starter can set on this machine: usually all or, if it does not run, none. */
export function triedLimits(works: (words: readonly string[]) => boolean): readonly LimitName[] {
  const wordsOf = (names: readonly LimitName[]): readonly string[] =>
    names.flatMap((name) => limitWords[name]({ closeFrom: firstUnusedDescriptor, heapSizeBytes: minimumHeapBytes }));
  if (works(wordsOf(limitNames))) return limitNames;
  return limitNames.filter((name) => works(wordsOf([name])));
}

/** Comes after the descriptors of the enclave, and that of the filter if bubblewrap reads it. */
const firstUnusedDescriptor = 8;

const gives: Readonly<Record<LimitName, string>> = {
  descriptors:
    'No descriptors but those of the enclave, whatever the starter of the platform left open (close_range), and at most ' +
    `${maxDescriptors} more that it opens (RLIMIT_NOFILE).`,
  memory:
    'Memory is bounded by the heap size of the manifest (RLIMIT_DATA, RLIMIT_AS, RLIMIT_STACK, heap flag, WebAssembly ' +
    'pages), and none of it is shared (system call filter).',
  'no-dumps': 'A crash leaves no memory dump, neither in a file nor with a collector (RLIMIT_CORE).',
};

const otherwise =
  'Let programs run from the folder of the platform (no noexec), on Linux 5.9 or later, and leave the hard limit of core dumps above 0.';

/** The layer of a limit. No limit counts shared memory: only the filter refuses it. */
export function limitLayer(name: LimitName, given: readonly LimitName[], hasFilter: boolean): IsolationLayer {
  const active = given.includes(name) && (name !== 'memory' || hasFilter);
  const withoutFilter =
    'Private memory is bounded. Shared memory is not, without the system call filter: see the layer seccomp.';
  const missing = given.includes(name) ? withoutFilter : otherwise;
  return Object.freeze({ name, active, detail: active ? gives[name] : missing });
}
