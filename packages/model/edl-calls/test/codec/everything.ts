// One interface with every way to pass a value, for hostile enclaves.
import type { EdlModel } from '@enclos/edl-compiler';
import type { EdlValue } from '../../src/index.ts';
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
  struct,
  text,
  union,
  value,
} from '../models.ts';

const enums = [{ name: 'colour', members: [{ name: 'RED', value: 0 }, { name: 'BLUE', value: 2 }] }]; // prettier-ignore

const composites = [
  composite('union', 'either', [member('i', basic('int')), member('d', basic('double'))]),
  composite('struct', 'plain', [
    member('e', enumeration('colour')),
    member('b', array(basic('bool'), 3)),
    member('u', union('either')),
  ]),
  composite('struct', 'leaf', [member('n', basic('int')), followed('bytes', basic('char'), { count: 'n' })]),
  composite('struct', 'node', [
    followed('leaves', struct('leaf'), { count: 'n' }),
    member('n', basic('short')),
    followed('one', struct('plain')),
    followed('sized', basic('uint32_t'), { size: 's' }),
    member('s', basic('size_t')),
  ]),
  composite('struct', 'list', [member('v', basic('int')), followed('next', struct('list'))]),
];

const parameters = (output: 'out' | 'inout') => [
  value('b', basic('bool')),
  value('e', enumeration('colour')),
  value('p', struct('plain')),
  text('s', 'inout'),
  text('w', 'in', true),
  buffer('raw', 'inout', basic('void'), { size: 'rawSize' }),
  value('rawSize', basic('size_t')),
  buffer('numbers', 'out', basic('int64_t'), { count: 'n' }),
  value('n', basic('int')),
  buffer('plains', 'inout', struct('plain'), { count: 'm' }),
  value('m', basic('unsigned short')),
  buffer('truths', 'out', basic('bool'), { elements: 4 }),
  buffer('node', 'inout', struct('node')),
  buffer('nodes', output, struct('node'), { count: 2 }),
  buffer('list', 'in', struct('list')),
];

/** Deep copies that are `out` alone are Open Enclave's only. */
export const everything = (abi: 'intel' | 'oe'): EdlModel => {
  const all = parameters(abi === 'oe' ? 'out' : 'inout');
  return model({
    enums,
    composites,
    ecalls: [ecall('f', all, struct('plain'))],
    ocalls: [ocall('g', all, { returns: enumeration('colour'), propagatesErrno: true })],
  });
};

const plain = { e: 2, b: [true, false, true], u: new Uint8Array(8) };
const isDeeper = (abi: 'intel' | 'oe'): boolean => abi === 'oe';

const node = (abi: 'intel' | 'oe') => ({
  leaves: [
    { n: 3, bytes: isDeeper(abi) ? Uint8Array.of(1, 2, 3) : null },
    { n: 0, bytes: null },
  ],
  n: 2,
  one: plain,
  sized: Uint32Array.of(1, 2),
  s: 8n,
});

/** Arguments of both functions, complete; outputs too. */
export const everyValue = (abi: 'intel' | 'oe'): Record<string, EdlValue> => ({
  b: true,
  e: 0,
  p: plain,
  s: 'text',
  w: 'wide',
  raw: Uint8Array.of(9, 8, 7),
  rawSize: 3n,
  numbers: BigInt64Array.of(-1n, 2n),
  n: 2,
  plains: [plain, plain],
  m: 2,
  truths: [true, false, true, false],
  node: node(abi),
  nodes: [node(abi), { leaves: null, n: 0, one: abi === 'intel' ? plain : null, sized: null, s: 0n }],
  list: { v: 1, next: isDeeper(abi) ? { v: 2, next: null } : { v: 2, next: null } },
});

const filled = (abi: 'intel' | 'oe'): readonly string[] => ['numbers', 'truths', ...(abi === 'oe' ? ['nodes'] : [])];

/** What a caller gives: without what the enclave fills. */
export function everyArgument(abi: 'intel' | 'oe'): Record<string, EdlValue> {
  return Object.fromEntries(Object.entries(everyValue(abi)).filter(([name]) => !filled(abi).includes(name)));
}

/** What the other side answers. */
export function everyOutput(abi: 'intel' | 'oe'): Record<string, EdlValue> {
  const outputs = ['s', 'raw', 'numbers', 'plains', 'truths', 'node', 'nodes'];
  return Object.fromEntries(Object.entries(everyValue(abi)).filter(([name]) => outputs.includes(name)));
}

export const plainValue = plain;
