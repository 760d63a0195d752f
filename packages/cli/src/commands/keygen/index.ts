import { entry } from '../define.ts';

export const entries = [entry('keygen', 'Image', 'Make a signing key', () => import('./command.ts'))];
