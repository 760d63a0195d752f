import { entry } from '../define.ts';

export const entries = [
  entry('completions', 'Shell', 'Print the completions of this command for a shell', () => import('./command.ts')),
];
