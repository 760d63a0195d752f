import { entry } from '@enclos/cli-frame';

export const entries = [
  entry('predict', 'Inference', 'Ask a model of an attested inference service', () => import('./command.ts')),
];
