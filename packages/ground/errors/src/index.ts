export * from './codes.ts';
export {
  declaredErrors,
  declareErrors,
  declareErrorsWithAdvice,
  type ErrorRow,
  type ShortErrorRow,
} from './declare.ts';
export {
  EnclosError,
  isEnclosError,
  isErrorCode,
  type ErrorCode,
  type ErrorDetails,
  type ErrorOptions,
} from './error.ts';
export type { ErrorEntry, ErrorKind } from './kinds.ts';
