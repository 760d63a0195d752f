export { EnclosError, isEnclosError, isErrorCode, type ErrorDetails, type ErrorOptions } from './error.ts';
export { errorRegistry } from '#registry';
export type { ErrorCode } from './registry/index.ts';
export type { ErrorArea, ErrorEntry, ErrorKind } from './registry/kinds.ts';
