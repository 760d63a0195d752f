import { entry } from '@enclos/cli-frame';

/** Their commands, in the order of the help. */
export const entries = [
  entry(
    'consortium dev',
    'Ledgers',
    'Run an application of CCF in a sandbox, and reload what changes',
    () => import('./dev.ts'),
  ),
];
