/**
 * The error codes of this program, as the keys of an interface. It is empty here: each package adds its own codes where
 * it declares them, so that `ErrorCode` is the closed union of the codes of all packages in a program.
 */
// eslint-disable-next-line typescript/no-empty-object-type -- packages add to it
export interface ErrorCodes {}
