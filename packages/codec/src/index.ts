export { concatBytes, equalBytes, fromBase64url, fromHex, isZero, toBase64url, toHex, utf8 } from './bytes.ts';
export { ByteReader } from './reader.ts';
export { ByteWriter } from './writer.ts';
