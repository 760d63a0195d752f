import { pointAtCaller } from './caller-stack.ts';
import { reportErrors } from './uncaught.ts';

/**
 * Does the work of a function with which a program begins to use this package. From then on errors read as diagnostics, and those
 * of the work have the stack of the code that waits for it.
 * @param entrance the function: its own frame is left out
 */
export async function enter<R>(entrance: (...values: never[]) => unknown, work: () => Promise<R>): Promise<R> {
  reportErrors();
  try {
    return await work();
  } catch (error) {
    pointAtCaller(error, entrance);
    throw error;
  }
}
