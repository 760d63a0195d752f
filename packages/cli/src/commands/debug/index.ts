import { entry } from '../define.ts';

export const entries = [
  entry('debug', 'Project', 'Run a project with a debugger in its debug enclave', () => import('./command.ts')),
];
