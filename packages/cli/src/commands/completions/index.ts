import { entry } from '@enclos/cli-frame';

export const entries = [
  entry('completions', 'Shell', 'Print the completions of this command for a shell', () => import('./command.ts')),
];
