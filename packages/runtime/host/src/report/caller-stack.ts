import { stackVariable } from '@enclos/diagnostics';

/** Whether the user wants whole stack traces: then they are left as they are. */
export const showsWholeStacks = process.env[stackVariable] === '1';

/**
 * Gives an error the stack of the code that waits for it. It was made where an answer arrived, which tells the user nothing: the
 * frames that help are those of the `await`, which V8 knows while it settles the promise.
 */
export function failAtCaller(error: unknown): never {
  pointAtCaller(error, failAtCaller);
  throw error;
}

/** As {@link failAtCaller}, without throwing. @param below frames from this function on are left out */
export function pointAtCaller(error: unknown, below: (...values: never[]) => unknown): void {
  if (!showsWholeStacks && error instanceof Error && Object.isExtensible(error)) Error.captureStackTrace(error, below);
}
