import { entry } from '@enclos/cli-frame';

export const entries = [
  entry('deploy', 'Kubernetes', 'Write the manifests that run an image', () => import('./command.ts')),
];
