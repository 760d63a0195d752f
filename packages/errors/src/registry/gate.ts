import type { ErrorArea } from './kinds.ts';

export const gateErrors = {} as const satisfies ErrorArea;
