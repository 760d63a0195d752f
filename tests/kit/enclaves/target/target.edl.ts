import {
  array,
  bigint,
  boolean,
  bytes,
  defineInterface,
  enumeration,
  float64,
  func,
  int16,
  int32,
  int64,
  int8,
  option,
  record,
  string,
  uint16,
  uint32,
  uint64,
  uint8,
  union,
} from '@enclos/edl';

const numbers = {
  a: uint8(),
  b: uint16(),
  c: uint32(),
  d: uint64(),
  e: int8(),
  f: int16(),
  g: int32(),
  h: int64(),
  i: float64(),
  j: boolean(),
  k: bigint({ maxBytes: 200 }),
};
const texts = { short: string({ maxBytes: 8 }), long: string({ minBytes: 1, maxBytes: 300 }) };
const data = { head: bytes({ exactBytes: 16 }), body: bytes({ maxBytes: 100_000 }) };
const leaf = union('is', {
  text: record({ text: string({ maxBytes: 16 }) }),
  numbers: record({ values: array(uint32(), { maxItems: 8 }) }),
  nothing: record({}),
});
const tree = {
  name: enumeration('one', 'two', 'three'),
  leaves: array(leaf, { maxItems: 12 }),
  more: option(record({ rows: array(array(uint8(), { maxItems: 4 }), { minItems: 1, maxItems: 6 }) })),
};
const depth = uint8();

/** What a hostile host is let loose on: every type, and every way in which an enclave asks its host. */
export const target = defineInterface({
  name: 'target',
  trusted: {
    /** These give back what they get. */
    numbers: func(numbers, record(numbers)),
    texts: func(texts, record(texts)),
    data: func(data, record(data)),
    tree: func(tree, record(tree)),
    /** Gives back what the host gives. */
    ask: func({}, record(tree)),
    /** Calls the host so many times at once, and gives the number of answers that were any. */
    storm: func({ calls: uint8() }, uint32()),
    /** Calls the host, which may call back, so many times in one another. */
    nest: func({ depth }, uint32()),
    /** Ends when it is cancelled, and not before. */
    wait: func({}),
    /** Everything that the runtime asks of the host's files. */
    file: func(
      {
        how: enumeration('trusted', 'read', 'list', 'write', 'remove'),
        path: string({ minBytes: 1, maxBytes: 16 }),
      },
      bytes({ maxBytes: 100_000 }),
    ),
    /** Takes connections from now on, however often the host refuses one: `echo` gives back what comes, `mute` reads nothing. */
    serve: func({}),
  },
  untrusted: {
    give: func({ count: uint32() }, record(tree)),
    nest: func({ depth }, uint32()),
  },
});
