import { entry } from '../define.ts';

export const entries = [
  entry('deploy', 'Kubernetes', 'Write the manifests that run an image', () => import('./command.ts')),
];
