import { ScriptThrow } from '@enclos/script';

import { messageOf } from './values.ts';

/** Runs a step; what it throws is an internal error of the script, named by what failed, as in CCF. */
export function orFail<T>(what: string, step: () => T): T {
  try {
    return step();
  } catch (error) {
    if (error instanceof ScriptThrow) throw error;
    throw new ScriptThrow('Error', `${what}: ${messageOf(error)}`);
  }
}

export function outOfRange(message: string): ScriptThrow {
  return new ScriptThrow('RangeError', message);
}
