import { entry } from '@enclos/cli-frame';

export const entries = [
  entry(
    'gramine manifest',
    'Image',
    'Write the Gramine manifest of an image (not yet run on hardware)',
    () => import('./manifest.ts'),
  ),
];
