import { entry } from '@enclos/cli-frame';

export const entries = [
  entry(
    'c-header',
    'Native enclaves',
    'Write the C header for programs that ask for evidence and keys',
    () => import('./command.ts'),
  ),
];
