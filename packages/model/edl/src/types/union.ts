import { invalid, requireIdentifier, requireMembers } from '../definition.ts';
import { type FieldCodec, fieldCodecOf, type Fields, ownField, type RecordType, requireObject } from './record.ts';
import { Refusal, within } from '../refusal.ts';
import { varintBytes } from '../sink.ts';
import { type Codec, codec, defineType, type Flatten, type Infer, type Type } from '../type.ts';

/** The variants of a union, in declaration order. */
export type Variants = Readonly<Record<string, RecordType<Fields>>>;

/** The values of a union: the fields of one variant, and its name under the tag. */
export type UnionValue<Tag extends string, V extends Variants> = {
  [K in keyof V & string]: Flatten<{ readonly [T in Tag]: K } & Infer<V[K]>>;
}[keyof V & string];

interface Variant {
  readonly name: string;
  readonly index: number;
  readonly fields: FieldCodec;
  readonly codec: Codec;
}

/**
 * One of several records, distinguished by the field `tag`, which holds the name of the variant. The tag is sent as the
 * variant's index, then the fields: the order of the variants is part of the interface.
 */
export function union<const Tag extends string, const V extends Variants>(
  tag: Tag,
  variants: V,
): Type<UnionValue<Tag, V>> {
  requireIdentifier(tag, 'the tag of union()');
  const list = requireMembers(variants, 'variant').map(([name, type], index) =>
    defineVariant(tag, name, { index, type }),
  );
  if (list.length === 0) invalid('union() has no variants.');
  const byName = new Map<unknown, Variant>(list.map((variant) => [variant.name, variant]));
  const names = list.map((variant) => variant.name).join(', ');
  return defineType<UnionValue<Tag, V>>('union', {
    minBytes: Math.min(...list.map((variant) => varintBytes(variant.index) + variant.codec.minBytes)),
    maxBytes: Math.max(...list.map((variant) => varintBytes(variant.index) + variant.codec.maxBytes)),
    depth: 1 + Math.max(...list.map((variant) => variant.codec.depth)),
    describe: () => `union ${tag}{${list.map((variant) => `${variant.name}:${variant.codec.describe()}`).join(',')}}`,
    write(sink, value) {
      const object = requireObject(value);
      const variant = byName.get(ownField(object, tag));
      if (variant === undefined) throw within(new Refusal(`not one of ${names}`), `.${tag}`);
      sink.varint(variant.index);
      variant.fields.write(sink, object, tag);
    },
    read(source) {
      const variant = list[source.varint()];
      if (variant === undefined) throw within(new Refusal(`not an index below ${list.length}`), `.${tag}`);
      return variant.fields.read(source, { [tag]: variant.name });
    },
  });
}

function defineVariant(
  tag: string,
  name: string,
  { index, type }: { index: number; type: RecordType<Fields> },
): Variant {
  const what = `Variant "${name}"`;
  const fields = fieldCodecOf(type, what);
  if (fields.names.includes(tag)) invalid(`${what} has a field "${tag}", which is the tag of its union.`);
  return { name, index, fields, codec: type[codec] };
}
