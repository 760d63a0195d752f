import { entry } from '@enclos/cli-frame';

export const entries = [
  entry('verify', 'Evidence', 'Verify a quote, and appraise it by a policy', () => import('./command.ts')),
];
