import type { DescribedType } from './description.ts';

/** The sizes of the shortest and the longest encoding of a type, as `@enclos/edl` has them. */
export interface EncodedSizes {
  readonly min: number;
  readonly max: number;
}

const fixedBytes = {
  boolean: 1,
  uint8: 1,
  uint16: 2,
  uint32: 4,
  uint64: 8,
  int8: 1,
  int16: 2,
  int32: 4,
  int64: 8,
  float64: 8,
  nothing: 0,
} as const;

export function sizesOf(type: DescribedType): EncodedSizes {
  switch (type.kind) {
    case 'bigint':
      return { min: 1, max: varintBytes(2 * type.max + 1) + type.max };
    case 'string':
    case 'bytes':
      return { min: varintBytes(type.min) + type.min, max: varintBytes(type.max) + type.max };
    case 'exact':
      return { min: type.count, max: type.count };
    case 'array': {
      const item = sizesOf(type.item);
      return { min: varintBytes(type.min) + type.min * item.min, max: varintBytes(type.max) + type.max * item.max };
    }
    case 'option':
      return { min: 1, max: 1 + sizesOf(type.some).max };
    case 'record':
      return sum(type.fields.map((field) => sizesOf(field.type)));
    case 'union': {
      const variants = type.variants.map((variant, index) =>
        sum([{ min: varintBytes(index), max: varintBytes(index) }, sizesOf(variant.type)]),
      );
      return { min: Math.min(...variants.map(({ min }) => min)), max: Math.max(...variants.map(({ max }) => max)) };
    }
    case 'enumeration':
      return { min: 1, max: varintBytes(type.labels.length - 1) };
    default:
      return { min: fixedBytes[type.kind], max: fixedBytes[type.kind] };
  }
}

function sum(parts: readonly EncodedSizes[]): EncodedSizes {
  const total = { min: 0, max: 0 };
  for (const { min, max } of parts) {
    total.min += min;
    total.max += max;
  }
  return total;
}

function varintBytes(value: number): number {
  return value < 0x80 ? 1 : 1 + varintBytes(Math.floor(value / 0x80));
}
