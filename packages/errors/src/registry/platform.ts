import type { ErrorArea } from './kinds.ts';

export const platformErrors = {} as const satisfies ErrorArea;
