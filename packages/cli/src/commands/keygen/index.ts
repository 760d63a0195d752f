import { entry } from '@enclos/cli-frame';

export const entries = [entry('keygen', 'Image', 'Make a signing key', () => import('./command.ts'))];
