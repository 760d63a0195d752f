import { entry } from '@enclos/cli-frame';

export const entries = [entry('new', 'Project', 'Make a project that builds and runs', () => import('./command.ts'))];
