/**
 * An evaluation that ends in a `T`. It is a generator, so that it is written once and driven in two ways: to its end at once,
 * or in turns with other work. It may pause at each yield; no value passes there, so a pause cannot change the result.
 */
export type Work<T> = Generator<undefined, T, undefined>;

/** How an evaluation takes turns with other work of the same thread. */
export interface Turns {
  /** Milliseconds from any origin; used only to decide when to pause. */
  readonly elapsed: () => number;
  /** Resolves when the evaluation may continue, such as after the other events of the loop. */
  readonly pause: () => Promise<void>;
  /** How long to work between two pauses. Default: 20. */
  readonly sliceMs?: number;
}

const defaultSliceMs = 20;

export function isWork<T>(value: T | Work<T>): value is Work<T> {
  return typeof value === 'object' && value !== null && Symbol.iterator in value && 'throw' in value;
}

/** Drives work to its end at once. */
export function finish<T>(work: Work<T>): T {
  for (;;) {
    const { done, value } = work.next();
    if (done === true) return value;
  }
}

/** Drives the same work to the same result, and pauses whenever a turn is over. */
export async function finishInTurns<T>(work: Work<T>, { elapsed, pause, sliceMs = defaultSliceMs }: Turns): Promise<T> {
  let since = elapsed();
  for (;;) {
    const { done, value } = work.next();
    if (done === true) return value;
    if (elapsed() - since < sliceMs) continue;
    await pause();
    since = elapsed();
  }
}
