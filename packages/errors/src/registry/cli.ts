import type { ErrorArea } from './kinds.ts';

export const cliErrors = {} as const satisfies ErrorArea;
