import type { ErrorArea } from './kinds.ts';

export const enclaveErrors = {} as const satisfies ErrorArea;
