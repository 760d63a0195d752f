import { entry } from '@enclos/cli-frame';

export const entries = [
  entry('lint', 'Kubernetes', 'Mark what is wrong with manifests that schedule enclaves', () => import('./command.ts')),
];
