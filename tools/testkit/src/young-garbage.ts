import { setTimeout as wait } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

export interface YoungGarbageOptions {
  /** What each run makes at least, on the heap or in array buffers. */
  readonly sizeBytes: number;
  readonly runs?: number;
}

/** Array buffers are freed by another thread, which takes longer on a busy machine. */
const mostTries = 50;
/** Other tests of the same process use memory meanwhile, and keep it: what they take in one round they do not take in all of them. */
const mostRounds = 60;

/**
 * Whether a collection of the young generation frees what the runs of some work made, one after the other. V8 makes the function
 * in `object.member = () => …`, and a getter of an object literal, in the old generation: until a full collection of garbage they
 * keep every variable around them that any function there refers to. So does what Node's own functions of this kind refer to.
 */
export async function isFreedYoung(
  work: () => unknown,
  { sizeBytes, runs = 200 }: YoungGarbageOptions,
): Promise<boolean> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as (options?: { readonly type: 'minor' }) => void;
  // What the interpreter makes of the code itself comes first.
  for (let run = 0; run < runs; run++) await work();
  for (let round = 0; round < mostRounds; round++) {
    collect();
    collect();
    const before = usedBytes();
    for (let run = 0; run < runs; run++) await work();
    for (let tries = 0; tries < mostTries; tries++) {
      collect({ type: 'minor' });
      if (usedBytes() - before < (runs * sizeBytes) / 2) return true;
      await wait(20);
    }
  }
  return false;
}

function usedBytes(): number {
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
