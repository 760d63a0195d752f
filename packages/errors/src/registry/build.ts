import type { ErrorArea } from './kinds.ts';

export const buildErrors = {} as const satisfies ErrorArea;
