import { entry } from '@enclos/cli-frame';

export const entries = [
  entry('run', 'Project', 'Build, sign and run a project on a software platform', () => import('./command.ts')),
];
