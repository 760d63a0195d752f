import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import { isEnclosError } from '@enclos/errors';
import fc from 'fast-check';
import type { EdlModel } from '@enclos/edl-compiler';
import { type ForeignTypes, generateTypeScript, type TypeScriptOptions } from '../src/index.ts';
import * as of from './models.ts';

const sha256 = (bytes: Uint8Array): Uint8Array => createHash('sha256').update(bytes).digest();
const generate = (model: EdlModel, options: Partial<TypeScriptOptions> = {}): string =>
  generateTypeScript(model, { sha256, ...options });

/** The lines of a module without comments and without the indentation. */
function codeOf(module: string): readonly string[] {
  return module
    .replaceAll(/\/\*[^]*?\*\//g, '')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('//'));
}

function hasLine(module: string, line: string): void {
  assert.ok(codeOf(module).includes(line), `${line}\nis not a line of\n${module}`);
}

describe('types of values', () => {
  const { basic, pointer, array, struct, enumeration, foreign, union } = of;

  test('a value by itself', () => {
    const cases = [
      [basic('bool'), 'boolean'],
      [basic('char'), 'number'],
      [basic('unsigned int'), 'number'],
      [basic('wchar_t'), 'number'],
      [basic('size_t'), 'number | bigint'],
      [basic('long'), 'number | bigint'],
      [basic('double'), 'number'],
      [basic('long double'), 'Uint8Array'],
      [enumeration('color'), 'color'],
      [struct('point'), 'point'],
      [union('word'), 'Uint8Array'],
      [foreign('sgx_key_t'), 'Uint8Array'],
      [foreign('status'), 'number'],
      [foreign('pid_t'), 'number'],
    ] as const;
    const model = of.model({
      enums: [{ name: 'color', members: [{ name: 'RED', value: 0 }] }],
      composites: [
        of.composite('struct', 'point', [of.member('x', basic('int'))]),
        of.composite('union', 'word', [of.member('x', basic('int'))]),
      ],
      ecalls: cases.map(([type], index) => of.ecall(`f${index}`, [of.value(`v${index}`, type)], type)),
      foreign: ['sgx_key_t', 'status'],
    });
    const module = generate(model, { foreign: { sgx_key_t: { bytes: 16, alignment: 1 }, status: { type: 'int' } } });
    for (const [index, [, type]] of cases.entries()) {
      hasLine(module, `readonly v${index}: ${type};`);
      // What comes back is never a number where C has 64 bits.
      hasLine(module, `}) => Promise<${type.replace('number | ', '')}>;`);
    }
  });

  test('one behind a pointer is the value; several are a typed array, bytes or an array', () => {
    const cases = [
      [basic('int'), {}, 'number'],
      [struct('point'), {}, 'point'],
      [basic('void'), { size: 'n' }, 'Uint8Array'],
      [basic('char'), { size: 4 }, 'Uint8Array'],
      [basic('int8_t'), { count: 4 }, 'Int8Array'],
      [basic('uint16_t'), { count: 'n' }, 'Uint16Array'],
      [basic('size_t'), { count: 'n' }, 'BigUint64Array'],
      [basic('long'), { elements: 3 }, 'BigInt64Array'],
      [basic('float'), { count: 2 }, 'Float32Array'],
      [enumeration('color'), { count: 2 }, 'readonly color[]'],
      [foreign('unknown_t'), { size: 'n' }, 'Uint8Array'],
      [union('word'), { count: 2 }, 'readonly Uint8Array[]'],
      [basic('bool'), { count: 2 }, 'readonly boolean[]'],
      [struct('point'), { count: 'n' }, 'readonly point[]'],
      [pointer(basic('char')), { count: 'n' }, 'readonly null[]'],
    ] as const;
    const model = of.model({
      enums: [{ name: 'color', members: [] }],
      composites: [
        of.composite('struct', 'point', [
          of.member('x', array(basic('int'), 3)),
          of.member('grid', array(array(basic('char'), 3), 2)),
        ]),
        of.composite('union', 'word', [of.member('x', basic('int'))]),
      ],
      ocalls: cases.map(([element, extent], index) =>
        of.ocall(`f${index}`, [of.value('n', basic('size_t')), of.buffer(`v${index}`, 'in', element, extent)]),
      ),
    });
    const module = generate(model);
    for (const [index, [, , type]] of cases.entries()) hasLine(module, `readonly v${index}: ${type} | null;`);
    hasLine(module, 'readonly x: Int32Array;');
    hasLine(module, 'readonly grid: readonly Uint8Array[];');
  });

  test('a structure whose pointers are not followed where it stands has another type', () => {
    const list = of.composite('struct', 'list', [
      of.member('n', basic('int')),
      of.followed('data', basic('int'), { count: 'n' }),
      of.followed('more', struct('list'), { count: 'n' }),
    ]);
    const outer = of.composite('struct', 'outer', [of.member('inner', struct('list'))]);
    const model = of.model({
      composites: [list, outer],
      ecalls: [of.ecall('f', [of.buffer('l', 'in', struct('list')), of.buffer('o', 'in', struct('outer'))])],
    });
    const module = generate(model, { userCheck: ['list.data'] });
    hasLine(module, 'readonly l: list | null;');
    hasLine(module, 'readonly data: Int32Array | null;');
    hasLine(module, 'readonly more: readonly list[] | null;');
    hasLine(module, 'readonly inner: list_plain;');
    hasLine(module, 'readonly data: ArenaHandle | null;');
    hasLine(module, 'readonly more: null;');
    // Intel's SDK follows the pointers of what a parameter points to, and no further.
    hasLine(generate({ ...model, dialect: 'intel' }), 'readonly more: readonly list_plain[] | null;');
  });

  test('a type of a C header that is passed has to be told', () => {
    const model = of.model({ ecalls: [of.ecall('f', [of.value('v', foreign('key_t_'))])], foreign: ['key_t_'] });
    assert.throws(
      () => generate(model),
      (error) => isEnclosError(error, 'EDL_LAYOUT_UNKNOWN'),
    );
  });

  test('all types that have to be told are named at once, and those that are told wrongly one by one', () => {
    const parameters = [of.value('a', foreign('a_t')), of.value('b', foreign('b_t')), of.value('c', foreign('c_t'))];
    const model = of.model({ ecalls: [of.ecall('f', parameters)], foreign: ['a_t', 'b_t', 'c_t'] });
    const refused = (told: ForeignTypes, message: RegExp): void =>
      assert.throws(() => generate(model, { foreign: told }), message);
    refused({}, /^EnclosError: The sizes of the types "a_t", "b_t", "c_t" are not known\.$/);
    refused({ b_t: { type: 'int' } }, /types "a_t", "c_t" are not known/);
    refused({ a_t: { type: 'int' }, b_t: { type: 'int' } }, /The size of the type "c_t" is not known\.$/);
    refused({ a_t: { bytes: 4, alignment: 3 } }, /"a_t" needs an alignment/);
  });
});

describe('functions', () => {
  const { basic } = of;
  const n = of.value('n', basic('size_t'));

  test('a result stands alone, and beside memory that comes back it is a property', () => {
    const model = of.model({
      ecalls: [
        of.ecall('nothing', []),
        of.ecall('alone', [], basic('int')),
        of.ecall('both', [n, of.buffer('made', 'out', basic('char'), { size: 'n' })], basic('int')),
        of.ecall('taken', [of.buffer('result', 'inout', basic('int'))], basic('int')),
      ],
      ocalls: [of.ocall('open', [of.text('path', 'in')], { returns: basic('int'), propagatesErrno: true })],
    });
    const module = generate(model);
    hasLine(module, 'readonly nothing: () => Promise<void>;');
    hasLine(module, 'readonly alone: () => Promise<number>;');
    const code = codeOf(module).join(' ');
    assert.ok(
      code.includes(
        'readonly n: number | bigint; }) => Promise<{ readonly result: number; readonly made: Uint8Array; }>;',
      ),
    );
    assert.ok(code.includes('Promise<{ readonly result_: number; readonly result: number | null; }>;'));
    assert.ok(
      code.includes(
        'readonly path: string | null; }) => Awaitable<{ readonly result: number; readonly errno?: number; }>;',
      ),
    );
  });

  test('what only says how long `in` buffers are may be left out', () => {
    const model = of.model({
      ecalls: [
        of.ecall('f', [of.value('a', basic('size_t')), of.buffer('x', 'in', basic('char'), { size: 'a' })]),
        of.ecall('g', [of.value('b', basic('size_t')), of.buffer('y', 'out', basic('char'), { size: 'b' })]),
      ],
    });
    const module = generate(model);
    hasLine(module, 'readonly a?: number | bigint;');
    hasLine(module, 'readonly b: number | bigint;');
  });

  test('private ECALLs are reached only during the OCALLs that allow them', () => {
    const model = of.model({
      ecalls: [of.ecall('open', []), { ...of.ecall('hidden', []), isPublic: false }],
      ocalls: [{ ...of.ocall('ask', []), allows: [1, 0] }, of.ocall('tell', [])],
    });
    const module = generate(model);
    const code = codeOf(module);
    const at = (line: string): number => code.indexOf(line);
    assert.ok(at('export interface Ecalls {') < at('readonly open: () => Promise<void>;'));
    assert.ok(at('export interface PrivateEcalls {') < at('readonly hidden: () => Promise<void>;'));
    hasLine(
      module,
      "readonly ask: (values: object, during: { readonly ecalls: Pick<Ecalls, 'open'> & Pick<PrivateEcalls, 'hidden'> }) => unknown;",
    );
    hasLine(module, 'readonly tell: (values: object) => unknown;');
  });

  test('an address that is not checked is null, until it is allowed by name', () => {
    const model = of.model({ ecalls: [of.ecall('f', [of.unchecked('p'), of.unchecked('q')])] });
    const module = generate(model, { userCheck: ['f.q'] });
    hasLine(module, 'readonly p: null;');
    hasLine(module, 'readonly q: ArenaHandle | null;');
    assert.match(module, /import \{ .*type ArenaHandle.* \} from '@enclos\/edl-calls\/host';/);
    assert.doesNotMatch(generate(model), /type ArenaHandle/);
  });

  test('a name that is allowed and is not such an address is refused', () => {
    const model = of.model({
      composites: [of.composite('struct', 's_t', [of.member('next', of.pointer(basic('void')))])],
      ecalls: [of.ecall('f', [of.unchecked('region'), of.value('n', basic('int'))], of.pointer(basic('int')))],
    });
    generate(model, { userCheck: ['f.region', 'f.return', 's_t.next'] });
    for (const [name, rest] of [
      ['f.regoin', 'Did you mean "f.region"?'],
      ['map', 'It has f.region, f.return, s_t.next.'],
      ['f.n', undefined],
      ['', undefined],
    ] as const) {
      assert.throws(
        () => generate(model, { userCheck: ['f.region', name] }),
        (error) =>
          isEnclosError(error, 'EDL_USER_CHECK_UNKNOWN') &&
          (rest === undefined ||
            error.message === `${JSON.stringify(name)} is not an unchecked address of the interface. ${rest}`),
      );
    }
    assert.throws(() => generate(of.model({}), { userCheck: ['f.p'] }), /It has none\.$/);
  });
});

describe('names', () => {
  test('that TypeScript or the module takes get an underscore, wherever they are used', () => {
    const names = ['class', 'Ecalls', 'Promise', 'createSampleEcalls', 'Ecalls_', 'type', 'Uint8Array'];
    const model = of.model({
      composites: names.map((name) => of.composite('struct', name, [of.member('default', of.basic('int'))])),
      ecalls: names.map((name, index) => of.ecall(name, [of.value(`v${index}`, of.struct(name))])),
    });
    const module = generate(model);
    const given = ['class_', 'Ecalls_', 'Promise_', 'createSampleEcalls_', 'Ecalls__', 'type_', 'Uint8Array_'];
    for (const [index, name] of given.entries()) {
      hasLine(module, `export interface ${name} {`);
      hasLine(module, `readonly v${index}: ${name};`);
    }
    hasLine(module, 'readonly default: number;');
    hasLine(module, 'readonly class: (values: {');
  });

  test('that cannot be names are refused, in every place', () => {
    const { basic, value, member, composite, ecall, ocall, model } = of;
    const bad = (name: string): readonly EdlModel[] => [
      { ...model(), name },
      model({ ecalls: [ecall(name, [])] }),
      model({ ocalls: [ocall(name, [])] }),
      model({ ecalls: [ecall('f', [value(name, basic('int'))])] }),
      model({ ocalls: [ocall('f', [value(name, basic('int'))])] }),
      model({ ecalls: [ecall('f', [of.buffer(name, 'out', basic('int'))])] }),
      model({ composites: [composite('struct', name, [])] }),
      model({ composites: [composite('struct', 's', [member(name, basic('int'))])] }),
      // Without a name it is another kind of enumeration.
      ...(name === '' ? [] : [model({ enums: [{ name, members: [] }] })]),
      model({ enums: [{ name: 'e', members: [{ name, value: 1 }] }] }),
      model({ enums: [{ name: '', members: [{ name, value: 1 }] }] }),
    ];
    for (const name of ['', '__proto__', 'a b', "a';alert(1);'", 'a\n', '1a', 'ä', 'a*/', '${x}', '`', 'a.b']) {
      for (const hostile of bad(name)) {
        assert.throws(
          () => generate(hostile),
          (error) => isEnclosError(error, 'EDL_INVALID_INTERFACE'),
          JSON.stringify(hostile),
        );
      }
    }
    assert.throws(() => generate(model({ ecalls: [ecall('then', [])] })), { code: 'EDL_INVALID_INTERFACE' });
  });

  test('property: no text of a model gets into code or out of a comment', () => {
    // Names of types of C headers, headers and paths are the texts that may hold anything.
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 20 }),
        fc.constantFrom('*/', '\n', "'", '`', '\u2028', '\u202E', '${'),
        (text, end) => {
          const hostile = `${text}${end}MARK`;
          const foreign = { [hostile]: { bytes: 4, alignment: 4 } };
          const model = of.model({ ecalls: [of.ecall('f', [of.value('v', of.foreign(hostile))])], foreign: [hostile] });
          const module = generate({ ...model, includes: [hostile] }, { foreign });
          const strings = /"(?:[^"\\\n]|\\.)*"/g;
          const rest = module.replaceAll(/\/\*[^]*?\*\//g, '').replaceAll(strings, '""');
          assert.ok(!rest.includes('MARK'), module);
          // No line reads in another order than it has.
          assert.doesNotMatch(module, /[\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/);
        },
      ),
    );
  });
});

test('the same model gives the same bytes, however it was made; another model has another digest', () => {
  const model = of.model({ ecalls: [of.ecall('f', [of.value('v', of.basic('int'))])] });
  const text = generate(model);
  const reversed = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(reversed);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value)
        .toReversed()
        .map(([key, part]) => [key, reversed(part)]),
    );
  };
  // The same value, with its properties in another order.
  assert.equal(generate(reversed(model) as EdlModel, { foreign: {}, userCheck: [] }), text);
  const digest = (module: string): string | undefined => /Digest = '([0-9a-f]{64})';/.exec(module)?.[1];
  assert.ok(digest(text) !== undefined);
  assert.notEqual(digest(generate({ ...model, name: 'other' })), digest(text));
  const open = of.model({ ecalls: [of.ecall('f', [of.unchecked('v')])] });
  assert.notEqual(digest(generate(open, { userCheck: ['f.v'] })), digest(generate(open)));
});

test('an enumeration has its constants; those that C headers define are named in its comment', () => {
  const module = generate(
    of.model({
      enums: [
        { name: 'color', members: [{ name: 'RED', value: -1 }, { name: 'OTHER' }] },
        { name: '', members: [{ name: 'LIMIT', value: 7 }] },
      ],
    }),
  );
  hasLine(module, 'RED: -1,');
  hasLine(module, 'export type color = number;');
  hasLine(module, 'export const LIMIT = 7;');
  assert.match(module, /C headers define the others: OTHER\./);
});
