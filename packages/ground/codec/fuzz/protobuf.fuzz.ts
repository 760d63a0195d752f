import { isEnclosError } from '@enclos/errors';
import { ProtobufReader, ProtobufWriter } from '../src/protobuf/index.ts';
import { fromHex } from '../src/text-forms.ts';

const inner = new ProtobufWriter().int64(1, 150).int64(2, -1).float(12, 0.5).double(13, 0.5);
const outer = new ProtobufWriter()
  .bool(3, true)
  .text(4, 'testing')
  .message(6, inner)
  .packedInt64(10, [3, 270, -86_942]);
export const seeds: readonly Uint8Array[] = [
  outer.finish(),
  // The examples of protobuf.dev/programming-guides/encoding.
  ...['089601', '120774657374696e67', '1a03089601', '3206038e029ea705', '08ffffffffffffffffff01'].map(fromHex),
];

const ignore = (): void => undefined;
const methods: readonly ((reader: ProtobufReader) => unknown)[] = [
  (reader) => reader.skip(),
  (reader) => reader.once().uint64(),
  (reader) => reader.int32(),
  (reader) => reader.bool(),
  (reader) => reader.text(1000),
  (reader) => reader.bytes(1000),
  (reader) => walk(reader.message()),
  (reader) => reader.fixedElements(4),
  (reader) => reader.fixedElements(8),
  (reader) => reader.int32Elements(ignore),
  (reader) => reader.int64Elements(ignore),
  (reader) => reader.uint64Elements(ignore),
  (reader) => reader.float(),
  (reader) => reader.double(),
];

/** Reads each field by the method that its number names, and skips the same bytes: both end, or refuse. */
export function fuzz(data: Uint8Array): void {
  for (const read of [walk, skipAll]) {
    try {
      read(new ProtobufReader(data));
    } catch (error) {
      if (!isEnclosError(error)) throw error;
    }
  }
}

function walk(reader: ProtobufReader): void {
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    methods[field % methods.length]?.(reader);
  }
}

function skipAll(reader: ProtobufReader): void {
  while (reader.next() !== 0) reader.skip();
}
