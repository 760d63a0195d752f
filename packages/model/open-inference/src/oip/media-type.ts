export const jsonType = 'application/json';
/** JSON with tensors in binary after it, or a message of protobuf. */
export const binaryType = 'application/octet-stream';

/**
 * The header that says how many bytes of a body are its JSON; tensors in binary follow. Its name ends with `content-length`, so a
 * reader of Content-Length has to compare whole names.
 */
export const headerLengthName = 'inference-header-content-length';
