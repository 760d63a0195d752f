import { entry } from '../define.ts';

export const entries = [entry('sign', 'Image', 'Sign an image', () => import('./command.ts'))];
