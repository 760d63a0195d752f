import type { ErrorArea } from './kinds.ts';

export const hostErrors = {} as const satisfies ErrorArea;
