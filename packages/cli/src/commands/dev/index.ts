import { entry } from '../define.ts';

export const entries = [
  entry('dev', 'Project', 'Run a project, and build and restart what changes', () => import('./command.ts')),
];
