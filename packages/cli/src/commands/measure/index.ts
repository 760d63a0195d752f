import { entry } from '@enclos/cli-frame';

export const entries = [entry('measure', 'Image', 'Print the MRENCLAVE of an image', () => import('./command.ts'))];
