import { entry } from '@enclos/cli-frame';

export const entries = [
  entry(
    'receipt verify',
    'Inference',
    'Verify a receipt: which model answered which request with what',
    () => import('./command.ts'),
  ),
];
