import { entry } from '@enclos/cli-frame';

export const entries = [entry('sign', 'Image', 'Sign an image', () => import('./command.ts'))];
