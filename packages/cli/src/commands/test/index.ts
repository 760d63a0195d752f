import { entry } from '@enclos/cli-frame';

export const entries = [
  entry('test', 'Project', 'Run the tests of a project against its enclave', () => import('./command.ts')),
];
