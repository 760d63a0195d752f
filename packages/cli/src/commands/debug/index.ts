import { entry } from '@enclos/cli-frame';

export const entries = [
  entry('debug', 'Project', 'Run a project with a debugger in its debug enclave', () => import('./command.ts')),
];
