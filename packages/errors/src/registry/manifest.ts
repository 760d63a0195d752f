import type { ErrorArea } from './kinds.ts';

export const manifestErrors = {} as const satisfies ErrorArea;
