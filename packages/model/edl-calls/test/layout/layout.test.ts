import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CType } from '@enclos/edl-compiler';
import { type ForeignType, type ForeignTypes, layoutOf, type StructLayout } from '../../src/index.ts';
import { hasCode } from '../refusals.ts';
import {
  array,
  basic,
  buffer,
  composite,
  ecall,
  enumeration,
  foreign,
  member,
  model,
  ocall,
  pointer,
  struct,
  text,
  union,
  unchecked,
  value,
} from '../models.ts';

const fieldsOf = (layout: StructLayout | undefined) =>
  layout?.fields.map(({ name, offset, bytes }) => `${name} ${offset} ${bytes}`);

test('members stand at multiples of their alignments', () => {
  const { composites } = layoutOf(
    model({
      enums: [{ name: 'colour', members: [{ name: 'RED', value: 0 }] }],
      composites: [
        composite('struct', 'inner', [member('c', basic('char')), member('s', basic('short'))]),
        composite('union', 'either', [member('a', array(basic('char'), 9)), member('d', basic('double'))]),
        composite('struct', 'outer', [
          member('b', basic('bool')),
          member('l', basic('long double')),
          member('w', basic('wchar_t')),
          member('p', pointer(basic('void'))),
          member('i', array(array(struct('inner'), 3), 2)),
          member('e', enumeration('colour')),
          member('u', union('either')),
        ]),
      ],
    }),
  );
  assert.deepEqual(
    composites.map(({ name, bytes, alignment }) => [name, bytes, alignment]),
    [
      ['struct inner', 4, 2],
      ['union either', 16, 8],
      ['struct outer', 96, 16],
    ],
  );
  assert.deepEqual(fieldsOf(composites[2]), ['b 0 1', 'l 16 16', 'w 32 4', 'p 40 8', 'i 48 24', 'e 72 4', 'u 80 16']);
});

const parameters = [
  value('n', basic('size_t')),
  text('name', 'in'),
  buffer('raw', 'out', basic('int'), { elements: 4 }),
];

test('a call of the SDK of Intel holds result, errno and parameters, and lengths of strings on the way in', () => {
  const { intel } = layoutOf(
    model({
      ecalls: [ecall('f', parameters, basic('int')), ecall('naked', [])],
      ocalls: [ocall('g', parameters, { returns: basic('char'), propagatesErrno: true }), ocall('naked', [])],
    }),
  );
  assert.deepEqual(fieldsOf(intel.ecalls[0]), [
    'ms_retval 0 4',
    'ms_n 8 8',
    'ms_name 16 8',
    'ms_name_len 24 8',
    'ms_raw 32 8',
  ]);
  assert.deepEqual(fieldsOf(intel.ocalls[0]), [
    'ms_retval 0 1',
    'ocall_errno 4 4',
    'ms_n 8 8',
    'ms_name 16 8',
    'ms_raw 24 8',
  ]);
  assert.equal(intel.ocalls[0]?.errno?.offset, 4);
  assert.equal(intel.ecalls[0]?.parameters[1]?.length?.offset, 24);
  assert.deepEqual([intel.ecalls[1], intel.ocalls[1]], [undefined, undefined]);
});

test('a call of Open Enclave holds its head, result, parameters, lengths and errno', () => {
  const { oe } = layoutOf(
    model({ ocalls: [ocall('g', [...parameters, unchecked('p')], { returns: basic('char'), propagatesErrno: true })] }),
  );
  assert.deepEqual(fieldsOf(oe.ocalls[0]), [
    'oe_result 0 4',
    'deepcopy_out_buffer 8 8',
    'deepcopy_out_buffer_size 16 8',
    'oe_retval 24 1',
    'n 32 8',
    'name 40 8',
    'name_len 48 8',
    'raw 56 8',
    'p 64 8',
    'ocall_errno 72 4',
  ]);
});

/** Of a parameter that is passed by value. */
function sizeOf(type: string, told: Readonly<Record<string, ForeignType>>): string {
  const { intel } = layoutOf(
    model({
      enums: [{ name: 'mode', members: [] }],
      composites: [composite('struct', 'point', [member('x', basic('double')), member('c', basic('char'))])],
      ecalls: [ecall('f', [value('v', foreign(type))])],
    }),
    told,
  );
  const field = intel.ecalls[0]?.parameters[0]?.field;
  return `${field?.bytes} ${field?.alignment}`;
}

test('a foreign type has the size that the caller tells, or that every Linux has', () => {
  const cases: readonly (readonly [told: ForeignType | undefined, size: string])[] = [
    [{ bytes: 24, alignment: 8 }, '24 8'],
    [{ type: 'uint32_t' }, '4 4'],
    [{ type: 'unsigned' }, '4 4'],
    [{ type: ' long   unsigned int ' }, '8 8'],
    [{ type: 'signed char' }, '1 1'],
    [{ type: 'long double' }, '16 16'],
    [{ type: '_Bool' }, '1 1'],
    [{ type: 'const struct point' }, '16 8'],
    [{ type: 'point' }, '16 8'],
    [{ type: 'enum mode' }, '4 4'],
    [{ type: 'struct point *const' }, '8 8'],
    [{ type: 'short[2][3]' }, '12 2'],
    [{ type: 'ssize_t' }, '8 8'],
    [{ type: 'other' }, '3 1'],
  ];
  for (const [told, size] of cases) {
    const other = { other: { bytes: 3, alignment: 1 } };
    assert.equal(sizeOf('told_t', told === undefined ? other : { told_t: told, ...other }), size, JSON.stringify(told));
  }
  assert.equal(sizeOf('socklen_t', {}), '4 4');
  assert.equal(sizeOf('socklen_t', { socklen_t: { type: 'long' } }), '8 8');
});

test('a size that nothing tells is refused', () => {
  const refused: readonly Readonly<Record<string, ForeignType>>[] = [
    {},
    { t: { bytes: 3, alignment: 2 } },
    { t: { bytes: 6, alignment: 3 } },
    { t: { bytes: -1, alignment: 1 } },
    { t: { type: 't' } },
    { t: { type: 'a' }, a: { type: 't' } },
    ...[
      '',
      '*',
      'int int',
      'long char',
      'signed unsigned',
      'long long long',
      'struct',
      'struct a b',
      'a b',
      'int[0]',
      'int[',
      'int[2]*',
    ].map((type) => ({ t: { type } })),
    { t: { type: 'struct absent' } },
    { t: { type: `a${' '.repeat(300)}` } },
  ];
  for (const told of refused) {
    assert.throws(() => sizeOf('t', told), hasCode('EDL_LAYOUT_UNKNOWN'), JSON.stringify(told));
  }
  for (const name of ['constructor', '__proto__', 'toString']) {
    assert.throws(() => sizeOf(name, {}), hasCode('EDL_LAYOUT_UNKNOWN'));
  }
});

test('a structure that contains itself, or is too large, is refused', () => {
  const looped = model({
    composites: [
      composite('struct', 'a', [member('b', struct('b'))]),
      composite('struct', 'b', [member('a', array(struct('a'), 2))]),
    ],
  });
  assert.throws(() => layoutOf(looped), hasCode('EDL_LAYOUT_UNKNOWN'));
  const large = model({
    composites: [composite('struct', 'a', [member('x', array(array(basic('int'), 2 ** 20), 2 ** 20))])],
  });
  assert.throws(() => layoutOf(large), hasCode('EDL_LAYOUT_TOO_LARGE'));
});

test('a constant of a header, a structure of a header, and what a foreign pointer leads to, are told by name', () => {
  const told = {
    LENGTH: { value: 5 },
    'struct header': { bytes: 12, alignment: 4 },
    handle_t: { type: 'struct header*' },
    '*blind_t': { type: 'short' },
  };
  const told5 = array(basic('char'), 'LENGTH');
  const of = (type: CType) => {
    const composites = [composite('struct', 's', [member('m', type)])];
    const enums = [{ name: '', members: [{ name: 'FOUR', value: 4 }] }];
    return layoutOf(model({ composites, enums }), told).composites[0]?.bytes;
  };
  assert.equal(of(told5), 5);
  assert.equal(of(array(basic('char'), 'FOUR')), 4);
  assert.equal(of(struct('header')), 12);
  assert.equal(of(foreign('*handle_t')), 12);
  assert.equal(of(foreign('*blind_t')), 2);
  for (const type of [
    array(basic('char'), 'ABSENT'),
    array(basic('char'), 'handle_t'),
    union('header'),
    foreign('LENGTH'),
    foreign('*ssize_t'),
    foreign('**handle_t'),
  ]) {
    assert.throws(() => of(type), hasCode('EDL_LAYOUT_UNKNOWN'), JSON.stringify(type));
  }
});

test('types of the SDKs are known, and what the caller says comes first', () => {
  const bytesOf = (type: string, told?: ForeignTypes): number | undefined =>
    layoutOf(model({ composites: [composite('struct', 's', [member('m', foreign(type))])], foreign: [type] }), told)
      .composites[0]?.bytes;
  const sizes = ['sgx_status_t', 'sgx_report_t', 'sgx_ra_msg2_t', 'oe_result_t', 'oe_uuid_t', 'struct oe_epoll_event'];
  assert.deepEqual(
    sizes.map((type) => bytesOf(type)),
    [4, 432, 168, 4, 16, 12],
  );
  assert.equal(bytesOf('oe_report_t', { oe_report_t: { bytes: 144, alignment: 8 } }), 144);
});
