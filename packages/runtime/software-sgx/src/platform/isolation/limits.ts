import { existsSync } from 'node:fs';
import type { IsolationLayer } from '@enclos/tee';
import { atMost, exactly } from './starter.ts';

/** Where a program is looked for that is started without a PATH (execvp(3), confstr(3)). */
const programFolders = ['/bin', '/usr/bin'];

/** The starter takes only paths of programs. @returns the name itself where the program is missing; it then does not start. */
export function pathOf(program: string): string {
  return programFolders.map((folder) => `${folder}/${program}`).find((path) => existsSync(path)) ?? program;
}

/** The words with the path of their program in its place. */
export function byPath([program, ...others]: readonly string[]): readonly string[] {
  return program === undefined ? [] : [program.startsWith('/') ? program : pathOf(program), ...others];
}

/** What the starter does before everything else of an enclave. */
export interface OuterLimits {
  /** The number of the first descriptor that is closed. */
  readonly closeFrom: number;
  readonly heapSizeBytes: bigint;
  /** Memory of the platform's own in the enclave's process. */
  readonly extraDataBytes?: bigint;
}

const minimumHeapBytes = 16n * 1024n * 1024n;
const mebibyte = 1024n * 1024n;
/** What the interpreter has mapped before it runs anything: code range, thread stacks, its own heap's start. */
const interpreterDataBytes = 640n * mebibyte;
/**
 * RLIMIT_AS, beside what is counted as data: memory that was written and is then made read-only is no longer data
 * (mm/mprotect.c), so nothing else bounds what native code keeps that way. The interpreter needs half of this. It reserves
 * no address space around the memories of WebAssembly (`--disable-wasm-trap-handler`), which would be 8 GiB for each.
 */
const addressSpaceBytes = 4n * 1024n * mebibyte;
/** Of the first thread; the others have memory of their own, which RLIMIT_DATA counts. */
const stackBytes = 8n * mebibyte;
/** What waits in pipes and in messages with descriptors is memory that no other limit counts. */
const maxDescriptors = 1024;

/** Each part of the outer limits by the layer that it is. */
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
  // Not 0: the kernel pipes a dump to a collector whatever the limit is, except when it is 1 (core(5)).
  'no-dumps': (): readonly string[] => exactly('core', 1),
} as const;

export type LimitName = keyof typeof limitWords;
const limitNames: readonly LimitName[] = ['descriptors', 'memory', 'no-dumps'];

/** Which of the outer limits the starter can set on this machine: mostly all or, where it does not run, none. */
export function triedLimits(works: (words: readonly string[]) => boolean): readonly LimitName[] {
  const wordsOf = (names: readonly LimitName[]): readonly string[] =>
    names.flatMap((name) => limitWords[name]({ closeFrom: firstUnusedDescriptor, heapSizeBytes: minimumHeapBytes }));
  if (works(wordsOf(limitNames))) return limitNames;
  return limitNames.filter((name) => works(wordsOf([name])));
}

/** After those of the enclave, and that of the filter where bubblewrap reads it. */
const firstUnusedDescriptor = 8;

const gives: Readonly<Record<LimitName, string>> = {
  descriptors:
    'No descriptors but those of the enclave, whatever the starter of the platform left open (close_range), and at most ' +
    `${maxDescriptors} of its own (RLIMIT_NOFILE).`,
  memory:
    'Memory is bounded by the heap size of the manifest (RLIMIT_DATA, RLIMIT_AS, RLIMIT_STACK, heap flag, WebAssembly ' +
    'pages), and none of it is shared (system call filter).',
  'no-dumps': 'A crash leaves no memory dump, neither in a file nor with a collector (RLIMIT_CORE).',
};

const otherwise =
  'Let programs run from the folder of the platform (no noexec), on Linux 5.9 or later, and leave the hard limit of core dumps above 0.';

/** The layer of a limit. Memory that is shared is not counted by any: only the filter refuses it. */
export function limitLayer(name: LimitName, given: readonly LimitName[], hasFilter: boolean): IsolationLayer {
  const active = given.includes(name) && (name !== 'memory' || hasFilter);
  const withoutFilter =
    'Private memory is bounded. Shared memory is not, without the system call filter: see the layer seccomp.';
  const missing = given.includes(name) ? withoutFilter : otherwise;
  return Object.freeze({ name, active, detail: active ? gives[name] : missing });
}
