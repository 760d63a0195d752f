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

const numbers = record({
  yes: boolean(),
  u8: uint8(),
  u16: uint16(),
  u32: uint32(),
  u64: uint64(),
  i8: int8(),
  i16: int16(),
  i32: int32(),
  i64: int64(),
  f64: float64(),
  big: bigint({ maxBytes: 40 }),
});
const leaf = record({ name: string({ minBytes: 1, maxBytes: 20 }), note: option(string({ maxBytes: 200 })) });
const shape = union('kind', {
  circle: record({ radius: float64() }),
  path: record({ points: array(uint16(), { maxItems: 200 }) }),
  none: record({}),
});
const colour = enumeration('red', 'dark-blue', 'green');
const policy = enumeration('enclave', 'signer');
const associatedData = bytes({ maxBytes: 64 });
const blob = bytes({ maxBytes: 100_000 });
const report = bytes({ exactBytes: 432 });
const reportData = bytes({ exactBytes: 64 });

/** Every type, in arguments and in results, and what the platform does for an enclave. */
export const everything = defineInterface({
  name: 'everything',
  trusted: {
    numbers: func({ value: numbers }, numbers),
    leaves: func(
      { leaves: array(leaf, { minItems: 1, maxItems: 50 }), first: option(leaf) },
      array(leaf, { maxItems: 51 }),
    ),
    draw: func({ shape, colour }, record({ shape, colour })),
    blob: func(
      { fixed: bytes({ exactBytes: 32 }), free: bytes({ minBytes: 1, maxBytes: 300_000 }) },
      bytes({ maxBytes: 300_032 }),
    ),
    /** Asks the host, as part of the call, and returns its answer. */
    ask: func({ question: string({ maxBytes: 64 }) }, string({ maxBytes: 64 })),
    count: func({}, uint64()),
    forget: func({ all: boolean() }),
    /** Returns more than the bound of its result. */
    tooMuch: func({}, string({ maxBytes: 3 })),
    seal: func({ policy, associatedData, plaintext: blob }, blob),
    unseal: func({ policy, associatedData, sealed: blob }, blob),
    sealKey: func({ label: string({ maxBytes: 64 }) }, bytes({ exactBytes: 32 })),
    targetInfo: func({}, bytes({ exactBytes: 512 })),
    createReport: func({ target: bytes({ exactBytes: 512 }), reportData }, report),
    /** MRENCLAVE of who made the report. */
    verifyReport: func({ report, reportData }, bytes({ exactBytes: 32 })),
    /** For the purpose `everything.v1`. */
    quote: func({ nonce: bytes({ minBytes: 16, maxBytes: 64 }) }, bytes({ maxBytes: 65_536 })),
  },
  untrusted: {
    answer: func({ question: string({ maxBytes: 64 }) }, string({ maxBytes: 64 })),
    note: func({ leaf }),
  },
});
