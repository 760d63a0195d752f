import { entry } from '../define.ts';

export const entries = [
  entry('lint', 'Kubernetes', 'Mark what is wrong with manifests that schedule enclaves', () => import('./command.ts')),
];
