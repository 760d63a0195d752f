import type { ErrorArea } from './kinds.ts';

export const sgxErrors = {} as const satisfies ErrorArea;
