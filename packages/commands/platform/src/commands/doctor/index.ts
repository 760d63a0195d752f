import { entry } from '@enclos/cli-frame';

export const entries = [
  entry('doctor', 'Project', 'Check what this machine and project are ready for', () => import('./command.ts')),
];
