import type { Entry } from '@enclos/cli-frame';

/** Their commands, in the order of the help. */
export const consortiumCommands: readonly Entry[] = Object.freeze([]);
