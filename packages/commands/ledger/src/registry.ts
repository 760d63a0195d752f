import type { Entry } from '@enclos/cli-frame';

/** Their commands, in the order of the help. */
export const ledgerCommands: readonly Entry[] = Object.freeze([]);
