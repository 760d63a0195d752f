import { entry } from '@enclos/cli-frame';

export const entries = [
  entry(
    'explain',
    'Evidence',
    'Show what a quote, a report, a certificate or a token says',
    () => import('./command.ts'),
  ),
];
