import { entry } from '../define.ts';

export const entries = [entry('new', 'Project', 'Make a project that builds and runs', () => import('./command.ts'))];
