import { entry } from '@enclos/cli-frame';

export const entries = [
  entry(
    'inspect',
    'Image',
    'Show what is in an image, signature, quote, sealed blob or key',
    () => import('./command.ts'),
  ),
];
