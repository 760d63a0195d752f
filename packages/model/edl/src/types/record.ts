import { invalid, requireMembers } from '../definition.ts';
import { refuse, within } from '../refusal.ts';
import type { Sink } from '../sink.ts';
import type { Source } from '../source.ts';
import {
  codec,
  type Codec,
  type Flatten,
  type Infer,
  requireBoundedCodec,
  type Type,
  type Value,
  valueCodecOf,
} from '../type.ts';

/** The fields of a record, or the parameters of a function, in declaration order. */
export type Fields = Readonly<Record<string, Type<Value>>>;

type OptionalNames<F extends Fields> = { [K in keyof F]: undefined extends Infer<F[K]> ? K : never }[keyof F];

/** The values of a record: a field of an option type is an optional property. */
export type RecordValue<F extends Fields> = Flatten<
  { readonly [K in Exclude<keyof F, OptionalNames<F>>]: Infer<F[K]> } & {
    readonly [K in OptionalNames<F>]?: Infer<F[K]>;
  }
>;

/** Writes and reads the fields of a record, with or without a tag. */
export interface FieldCodec {
  readonly names: readonly string[];
  readonly write: (sink: Sink, value: object, tag: string | undefined) => void;
  readonly read: (source: Source, out: Record<string, unknown>) => unknown;
}

const fieldCodec: unique symbol = Symbol('enclos.edl.fields');

/** The type that `record()` makes. */
export interface RecordType<F extends Fields> extends Type<RecordValue<F>> {
  readonly kind: 'record';
  readonly fields: F;
  readonly [fieldCodec]: FieldCodec;
}

/**
 * An object with exactly these fields, sent in declaration order without their names.
 *
 * A value's own enumerable string-keyed properties are its fields: inherited ones are absent,
 * unknown ones are refused. Decoded records are plain objects.
 */
export function record<const F extends Fields>(fields: F): RecordType<F> {
  const entries = requireMembers<Type>(fields, 'field');
  const names = entries.map(([name]) => name);
  const codecs = entries.map(([name, type]) => valueCodecOf(type, `Field "${name}"`));
  const members = defineFieldCodec(names, codecs);
  const parts: Codec = {
    minBytes: codecs.reduce((sum, field) => sum + field.minBytes, 0),
    maxBytes: codecs.reduce((sum, field) => sum + field.maxBytes, 0),
    depth: 1 + codecs.reduce((deepest, field) => Math.max(deepest, field.depth), 0),
    describe: () => `record{${codecs.map((field, i) => `${names[i]}:${field.describe()}`).join(',')}}`,
    write(sink, value) {
      members.write(sink, requireObject(value), undefined);
    },
    read: (source) => members.read(source, {}),
  };
  requireBoundedCodec('record', parts);
  return Object.freeze({
    kind: 'record',
    fields: Object.freeze({ ...fields }),
    [fieldCodec]: members,
    [codec]: Object.freeze(parts),
  });
}

/** @throws EDL_INVALID_INTERFACE when `type` is not a record. */
export function fieldCodecOf(type: RecordType<Fields>, what: string): FieldCodec {
  valueCodecOf(type, what);
  if (type.kind !== 'record') invalid(`${what} is not a record().`);
  return type[fieldCodec];
}

export function requireObject(value: unknown): object {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return refuse('not an object');
  return value;
}

/** The value of an own enumerable property; `undefined` for any other. */
export function ownField(value: object, name: string): unknown {
  return isOwnEnumerable(value, name) ? Reflect.get(value, name) : undefined;
}

const isOwnEnumerable = (value: object, name: string): boolean =>
  Object.prototype.propertyIsEnumerable.call(value, name);

function defineFieldCodec(names: readonly string[], codecs: readonly Codec[]): FieldCodec {
  const fields = codecs.map(({ write, read }, i) => ({ name: names[i] ?? '', write, read }));
  return Object.freeze({
    names,
    write(sink: Sink, value: object, tag: string | undefined) {
      const keys = Object.keys(value);
      // Most values list their fields in declaration order: then each is known to be an own property without a look-up.
      let next = tag !== undefined && keys[0] === tag ? 1 : 0;
      let found = tag === undefined ? 0 : 1;
      let at = '';
      try {
        for (const { name, write } of fields) {
          at = name;
          const own = keys[next] === name || isOwnEnumerable(value, name);
          if (keys[next] === name) next++;
          if (own) found++;
          write(sink, own ? Reflect.get(value, name) : undefined);
        }
      } catch (error) {
        throw within(error, `.${at}`);
      }
      if (found !== keys.length) refuse(`an unknown field; it has ${names.length === 0 ? 'none' : names.join(', ')}`);
    },
    read(source: Source, out: Record<string, unknown>) {
      let at = '';
      try {
        for (const { name, read } of fields) {
          at = name;
          const value = read(source);
          if (value !== undefined) out[name] = value;
        }
      } catch (error) {
        throw within(error, `.${at}`);
      }
      return out;
    },
  });
}
