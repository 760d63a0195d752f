import { entry } from '../define.ts';

export const entries = [
  entry(
    'explain',
    'Evidence',
    'Show what a quote, a report, a certificate or a token says',
    () => import('./command.ts'),
  ),
];
