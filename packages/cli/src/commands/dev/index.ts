import { entry } from '@enclos/cli-frame';

export const entries = [
  entry('dev', 'Project', 'Run a project, and build and restart what changes', () => import('./command.ts')),
];
