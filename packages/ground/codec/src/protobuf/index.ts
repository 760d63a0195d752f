import '../errors.ts';

/** Messages of protocol buffers, read strictly within bounds, and written. */
export { ProtobufReader } from './reader.ts';
export { ProtobufWriter } from './writer.ts';
