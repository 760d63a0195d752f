import { entry } from '@enclos/cli-frame';

export const entries = [
  entry('collateral fetch', 'Evidence', 'Get the collateral of a platform, and keep it', () => import('./fetch.ts')),
  entry('collateral list', 'Evidence', 'Show the collateral that is kept', () => import('./list.ts')),
  entry(
    'collateral doctor',
    'Evidence',
    'Say what of the kept collateral is old, and what to do',
    () => import('./doctor.ts'),
  ),
  entry('collateral export', 'Evidence', 'Write the kept collateral into one file', () => import('./export.ts')),
  entry('collateral import', 'Evidence', 'Keep the collateral that a file holds', () => import('./import.ts')),
];
