import { entry } from '@enclos/cli-frame';

export const entries = [
  entry('build', 'Project', 'Bundle, lay out and measure the enclave of a project', () => import('./command.ts')),
];
