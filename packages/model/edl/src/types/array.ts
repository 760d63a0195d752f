import { invalid, requireBounds, requireRange } from '../definition.ts';
import { plural, refuse, within } from '../refusal.ts';
import { varintBytes } from '../sink.ts';
import { defineType, type Type, type Value, valueCodecOf } from '../type.ts';

export interface ArrayBounds {
  readonly maxItems: number;
  /** 0 when absent. */
  readonly minItems?: number | undefined;
}

/** A list of at most `maxItems` values of one type: their count, then each of them. */
export function array<T extends Value>(type: Type<T>, bounds: ArrayBounds): Type<readonly T[]> {
  const item = valueCodecOf(type, 'The item of array()');
  // Otherwise a few bytes could stand for maxItems objects.
  if (item.minBytes === 0) {
    invalid('The item of array() can take no bytes at all, so its count would be unbounded by the input.');
  }
  const { minItems, maxItems } = requireBounds(bounds, ['maxItems', 'minItems'], 'array()');
  const { min, max } = requireRange(minItems, maxItems, 'array()');
  const check = (count: number): void => {
    if (count > max) refuse(`${plural(count, 'item')}, at most ${max}`);
    if (count < min) refuse(`${plural(count, 'item')}, at least ${min}`);
  };
  return defineType<readonly T[]>('array', {
    minBytes: varintBytes(min) + min * item.minBytes,
    maxBytes: varintBytes(max) + max * item.maxBytes,
    depth: item.depth + 1,
    describe: () => `array(${item.describe()},${min}..${max})`,
    write(sink, value) {
      if (!Array.isArray(value)) refuse('not an array');
      const count = value.length;
      check(count);
      sink.varint(count);
      let i = 0;
      try {
        for (; i < count; i++) item.write(sink, value[i]);
      } catch (error) {
        throw within(error, `[${i}]`);
      }
    },
    read(source) {
      const count = source.varint();
      check(count);
      if (count * item.minBytes > source.remaining) refuse(`the bytes end early: ${plural(count, 'item')} do not fit`);
      const items: unknown[] = [];
      try {
        while (items.length < count) items.push(item.read(source));
      } catch (error) {
        throw within(error, `[${items.length}]`);
      }
      return items;
    },
  });
}
