import { entry } from '../define.ts';

export const entries = [entry('measure', 'Image', 'Print the MRENCLAVE of an image', () => import('./command.ts'))];
