import { invalid, LARGEST_MEMBER_COUNT, requireLabel } from '../definition.ts';
import { refuse } from '../refusal.ts';
import { varintBytes } from '../sink.ts';
import { defineType, type Type, valueCodecOf } from '../type.ts';

/** A value that may be absent (`undefined`): a byte 0, or a byte 1 and the value. A record field of this type is optional. */
export function option<T extends NonNullable<unknown>>(type: Type<T>): Type<T | undefined> {
  const some = valueCodecOf(type, 'The type of option()');
  if (type.kind === 'option') invalid('option() of option(): the two ways to be absent could not be told apart.');
  return defineType<T | undefined>('option', {
    minBytes: 1,
    maxBytes: 1 + some.maxBytes,
    depth: some.depth + 1,
    describe: () => `option(${some.describe()})`,
    write(sink, value) {
      const at = sink.reserve(1);
      sink.bytes[at] = value === undefined ? 0 : 1;
      if (value !== undefined) some.write(sink, value);
    },
    read(source) {
      const present = source.byte();
      if (present > 1) refuse('an option starts with a byte 0 or 1');
      return present === 1 ? some.read(source) : undefined;
    },
  });
}

/** One of the given words, sent as its index: the order is part of the interface. */
export function enumeration<const N extends readonly [string, ...string[]]>(...names: N): Type<N[number]> {
  const indexOf = new Map<unknown, number>();
  for (const name of names) {
    requireLabel(name, 'A name of enumeration()');
    if (indexOf.has(name)) invalid(`enumeration() names "${name}" twice.`);
    indexOf.set(name, indexOf.size);
  }
  const count = indexOf.size;
  if (count === 0 || count > LARGEST_MEMBER_COUNT) {
    invalid(`enumeration() has from 1 to ${LARGEST_MEMBER_COUNT} names.`);
  }
  const labels: readonly string[] = [...names];
  return defineType<N[number]>('enumeration', {
    minBytes: 1,
    maxBytes: varintBytes(count - 1),
    depth: 1,
    describe: () => `enumeration(${labels.join(',')})`,
    write(sink, value) {
      const index = indexOf.get(value);
      if (index === undefined) return refuse(`not one of ${labels.join(', ')}`);
      sink.varint(index);
    },
    read(source) {
      return labels[source.varint()] ?? refuse(`not an index below ${count}`);
    },
  });
}

const nothingType = defineType<void>('nothing', {
  minBytes: 0,
  maxBytes: 0,
  depth: 1,
  describe: () => 'nothing',
  write(_sink, value) {
    if (value !== undefined) refuse('a value where nothing is declared');
  },
  read: () => undefined,
});

/** The result of a function that returns nothing; no bytes. */
export const nothing = (): Type<void> => nothingType;
