// Random models, for tests of layouts and codecs against C and against a slow model.
import fc from 'fast-check';
import type {
  BasicTypeName,
  CompositeModel,
  CType,
  EdlModel,
  EnumModel,
  MemberModel,
  ParameterModel,
} from '@enclos/edl-compiler';
import { basicForms } from '../src/layout/basic.ts';
import {
  array,
  basic,
  buffer,
  composite,
  ecall,
  enumeration,
  followed,
  member,
  model,
  ocall,
  pointer,
  text,
  value,
} from './models.ts';

// The keys of a record of every basic type.
const basicNames = Object.keys(basicForms) as BasicTypeName[];
const numberNames = basicNames.filter((name) => name !== 'void');
const countNames = ['int', 'unsigned char', 'size_t', 'uint32_t', 'unsigned short', 'int64_t'] as const;

const enums: readonly EnumModel[] = [
  { name: 'colour', members: [0, 1, 7].map((number, i) => ({ name: `COLOUR_${i}`, value: number })) },
  { name: 'sign', members: [-1, 0, 1].map((number, i) => ({ name: `SIGN_${i}`, value: number })) },
];

/** Types that a value can have, of the composites that stand before. */
function valueTypes(before: readonly CompositeModel[]): fc.Arbitrary<CType> {
  const plain: fc.Arbitrary<CType>[] = [
    fc.constantFrom(...numberNames).map(basic),
    fc.constantFrom(...enums.map(({ name }) => enumeration(name))),
  ];
  // A structure that is copied deeply cannot be passed by value.
  const shallow = before.filter(({ isDeep }) => !isDeep).map(({ kind, name }): CType => ({ kind, name }));
  return fc.oneof(...plain, ...(shallow.length === 0 ? [] : [fc.constantFrom(...shallow)]));
}

function memberTypes(before: readonly CompositeModel[]): fc.Arbitrary<CType> {
  const element = valueTypes(before);
  return fc.oneof(
    { weight: 4, arbitrary: element },
    {
      weight: 1,
      arbitrary: fc.tuple(element, fc.integer({ min: 1, max: 3 })).map(([of, length]) => array(of, length)),
    },
    { weight: 1, arbitrary: element.map((of) => array(array(of, 2), 3)) },
    { weight: 1, arbitrary: element.map(pointer) },
  );
}

function composites(count: number): fc.Arbitrary<readonly CompositeModel[]> {
  let all: fc.Arbitrary<readonly CompositeModel[]> = fc.constant([]);
  for (let i = 0; i < count; i++) {
    all = all.chain((before) => nextComposite(before, i).map((next) => [...before, next]));
  }
  return all;
}

function nextComposite(before: readonly CompositeModel[], index: number): fc.Arbitrary<CompositeModel> {
  const name = `c${index}`;
  const members = fc.array(memberTypes(before), { minLength: 1, maxLength: 5 });
  const plain = fc
    .tuple(fc.constantFrom('struct' as const, 'struct' as const, 'union' as const), members)
    .map(([kind, types]) =>
      composite(
        kind,
        name,
        types.map((type, i) => member(`m${i}`, type)),
      ),
    );
  const structs = before
    .filter(({ kind }) => kind === 'struct')
    .map((item): CType => ({ kind: 'struct', name: item.name }));
  const deep = fc
    .tuple(
      fc.constantFrom(...countNames),
      fc.oneof(valueTypes(before), ...(structs.length === 0 ? [] : [fc.constantFrom(...structs)])),
      fc.constantFrom<Parameters<typeof followed>[2]>({ count: 'n' }, { count: 3 }, {}),
      valueTypes(before),
    )
    .map(([count, to, of, other]) => {
      const list: MemberModel[] = [member('a', other), followed('data', to, of), member('n', basic(count))];
      return composite('struct', name, list);
    });
  return fc.oneof({ weight: 2, arbitrary: plain }, { weight: 1, arbitrary: deep });
}

function parameters(of: readonly CompositeModel[], hasDeepOutput: boolean): fc.Arbitrary<readonly ParameterModel[]> {
  const structs = of
    .filter(({ kind }) => kind === 'struct')
    .map((item): CType => ({ kind: 'struct', name: item.name }));
  const elements = fc.oneof(valueTypes(of), ...(structs.length === 0 ? [] : [fc.constantFrom(...structs)]));
  const isDeep = (type: CType): boolean =>
    type.kind === 'struct' && of.some(({ name, isDeep: deep }) => name === type.name && deep);
  const direction = fc.constantFrom('in' as const, 'out' as const, 'inout' as const);
  const counted = fc
    .tuple(
      elements,
      direction,
      fc.constantFrom<'count' | 'literal' | 'one'>('count', 'literal', 'one'),
      fc.constantFrom(...countNames),
    )
    .map(([element, way, kind, count]) => (name: string) => {
      const allowed = isDeep(element) && way === 'out' && !hasDeepOutput ? 'inout' : way;
      const extent = { count: { count: `${name}_n` }, literal: { count: 2 }, one: {} }[kind];
      const passed = buffer(name, allowed, element, extent);
      return kind === 'count' ? [passed, value(`${name}_n`, basic(count))] : [passed];
    });
  const others = fc.oneof(
    valueTypes(of).map((type) => (name: string) => [value(name, type)]),
    fc.tuple(fc.constantFrom('in' as const, 'inout' as const), fc.boolean()).map(([way, isWide]) => (name: string) => [
      text(name, way, isWide),
    ]),
    fc.tuple(direction, fc.constantFrom('void' as const, 'char' as const)).map(([way, of1]) => (name: string) => [
      buffer(name, way, basic(of1), { size: `${name}_n` }),
      value(`${name}_n`, basic('size_t')),
    ]),
    fc.tuple(valueTypes(of), direction).map(([element, way]) => (name: string) => [
      buffer(name, way, element, { elements: 3 }),
    ]),
  );
  return fc
    .array(fc.oneof(counted, others), { maxLength: 4 })
    .map((makers) => makers.flatMap((make, i) => make(`p${i}`)));
}

/** An interface with every kind of value, but none that is foreign or unchecked, apart from members that are pointers. */
export function randomModels(options: { readonly hasDeepOutput: boolean }): fc.Arbitrary<EdlModel> {
  return composites(5).chain((list) => {
    const calls = fc.array(
      fc.tuple(
        parameters(list, options.hasDeepOutput),
        fc.option(valueTypes(list), { nil: basic('void') }),
        fc.boolean(),
      ),
      { minLength: 1, maxLength: 3 },
    );
    return fc.tuple(calls, calls).map(([ecalls, ocalls]) =>
      model({
        enums,
        composites: list,
        ecalls: ecalls.map(([params, returns], i) => ecall(`e${i}`, params, returns)),
        ocalls: ocalls.map(([params, returns, propagatesErrno], i) =>
          ocall(`o${i}`, params, { returns, propagatesErrno }),
        ),
      }),
    );
  });
}
