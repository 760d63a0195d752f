import { entry } from '../define.ts';

export const entries = [
  entry('doctor', 'Project', 'Check what this machine and project are ready for', () => import('./command.ts')),
];
