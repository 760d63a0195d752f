import type { ErrorArea } from './kinds.ts';

export const edlErrors = {} as const satisfies ErrorArea;
