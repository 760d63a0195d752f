import '../errors.ts';
export { errorJson, renderError, toEnclosError } from './error.ts';
export { fail } from './fail.ts';
export { renderWarnings } from './warnings.ts';
