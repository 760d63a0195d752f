import type { ErrorArea } from './kinds.ts';

export const attestationErrors = {} as const satisfies ErrorArea;
