import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileEdl, type DialectChoice, type EdlModel } from '../src/index.ts';

function modelOf(body: string, dialect: DialectChoice = 'both'): EdlModel {
  const text = `enclave {\n${body}\n};\n`;
  const { model, diagnostics } = compileEdl({
    file: 'src/my.app.edl',
    read: (path) => (path === 'src/my.app.edl' ? text : undefined),
    dialect,
  });
  assert.ok(model !== undefined, JSON.stringify(diagnostics));
  return model;
}

const int = { kind: 'basic', name: 'int' } as const;
const passings = (parameters: string, dialect: DialectChoice = 'both') =>
  modelOf(`trusted { public void f(${parameters}); };`, dialect).ecalls[0]?.parameters.map(({ passing }) => passing);

test('the name of the file becomes one of C', () => {
  assert.equal(modelOf('trusted { public void f(); };').name, 'my_app');
});

test('every way of passing a parameter', () => {
  assert.deepEqual(passings('int a, [in] int* b, [in, out, count=n] int* c, [out, size=16] void* d, size_t n'), [
    { kind: 'value' },
    { kind: 'buffer', direction: 'in', element: int, extent: { elements: [] }, isReadOnly: false },
    {
      kind: 'buffer',
      direction: 'inout',
      element: int,
      extent: { count: { name: 'n' }, elements: [] },
      isReadOnly: false,
    },
    {
      kind: 'buffer',
      direction: 'out',
      element: { kind: 'basic', name: 'void' },
      extent: { size: { value: 16 }, elements: [] },
      isReadOnly: false,
    },
    { kind: 'value' },
  ]);
  assert.deepEqual(
    passings('[in, string] const char* a, [in, out, wstring] wchar_t* b, [user_check] void* c, [in] int d[2][3]'),
    [
      { kind: 'string', direction: 'in', isWide: false },
      { kind: 'string', direction: 'inout', isWide: true },
      { kind: 'unchecked' },
      { kind: 'buffer', direction: 'in', element: int, extent: { elements: [2, 3] }, isReadOnly: false },
    ],
  );
});

test('types of C headers that are pointers or arrays', () => {
  const model = modelOf(
    'trusted { public void f([in, isptr, count=2] handle_t a, [out, isary] list_t b, pid_t c, struct x_t d); };',
  );
  assert.deepEqual(
    model.ecalls[0]?.parameters.map(({ passing }) => passing),
    [
      {
        kind: 'buffer',
        direction: 'in',
        element: { kind: 'foreign', name: '*handle_t' },
        extent: { count: { value: 2 }, elements: [] },
        isReadOnly: false,
      },
      {
        kind: 'buffer',
        direction: 'out',
        element: { kind: 'foreign', name: 'list_t' },
        extent: { elements: [] },
        isReadOnly: false,
      },
      { kind: 'value' },
      { kind: 'value' },
    ],
  );
  assert.deepEqual(passings('[isptr, user_check, readonly] handle_t a, [user_check, isary] list_t b', 'intel'), [
    { kind: 'unchecked', foreign: ['isptr', 'readonly'] },
    { kind: 'unchecked', foreign: ['isary'] },
  ]);
  assert.deepEqual(model.foreign, ['handle_t', '*handle_t', 'list_t', 'pid_t', 'struct x_t']);
});

test('what has no attributes is passed unchecked in the dialect of Open Enclave, which takes it', () => {
  assert.deepEqual(passings('int* a, int b[4]'), [{ kind: 'unchecked' }, { kind: 'unchecked' }]);
  assert.equal(modelOf('trusted { public void f(int* a); };').dialect, 'oe');
});

test('const belongs to the innermost of pointers', () => {
  const [parameter] = modelOf('trusted { public void f([user_check] const int** a); };').ecalls[0]?.parameters ?? [];
  assert.deepEqual(parameter?.type, {
    kind: 'pointer',
    isConst: false,
    to: { kind: 'pointer', isConst: true, to: int },
  });
});

test('structures come after those that they hold, and say whether they are copied deeply', () => {
  const model = modelOf(`
    struct outer_t { struct inner_t i; struct outer_t* next; };
    struct inner_t { int n; };
    struct deep_t { size_t n; [count=n] int* a; [size=8] void* b; int* c; };
    trusted { public void f([in] struct deep_t* d); };`);
  assert.deepEqual(
    model.composites.map(({ name, isDeep }) => [name, isDeep]),
    [
      ['inner_t', false],
      ['outer_t', false],
      ['deep_t', true],
    ],
  );
  assert.deepEqual(
    model.composites[2]?.members.map(({ extent }) => extent),
    [undefined, { count: { name: 'n' }, elements: [] }, { size: { value: 8 }, elements: [] }, undefined],
  );
});

test('enumerations are counted as C counts, and lengths of arrays may name their values', () => {
  const model = modelOf(`
    enum a_t { ZERO, FIVE = 5, SIX, AGAIN = FIVE, UNKNOWN = LIMIT, NEXT };
    enum { WIDE = 4294967296 };
    trusted { public a_t f([in] int p[SIX][LIMIT]); };`);
  assert.deepEqual(model.enums, [
    {
      name: 'a_t',
      members: [
        { name: 'ZERO', value: 0 },
        { name: 'FIVE', value: 5 },
        { name: 'SIX', value: 6 },
        { name: 'AGAIN', value: 5 },
        { name: 'UNKNOWN' },
        { name: 'NEXT' },
      ],
    },
    { name: '', isWide: true, members: [{ name: 'WIDE', value: 4_294_967_296 }] },
  ]);
  const [passing] = model.ecalls[0]?.parameters.map((parameter) => parameter.passing) ?? [];
  assert.deepEqual(passing?.kind === 'buffer' && passing.extent, { elements: [6, 'LIMIT'] });
  assert.deepEqual(model.foreign, ['LIMIT']);
});

test('the calls that each untrusted function allows, by index', () => {
  const body = `trusted { void a(); public void b() transition_using_threads; void c(); };
    untrusted { void o() allow(c, b); [cdecl] int p() propagate_errno; };`;
  const model = modelOf(body, 'intel');
  assert.deepEqual(
    model.ecalls.map(({ name, isPublic, isSwitchless }) => [name, isPublic, isSwitchless]),
    [
      ['a', false, false],
      ['b', true, true],
      ['c', false, false],
    ],
  );
  assert.deepEqual(
    model.ocalls.map(({ allows, propagatesErrno }) => [allows, propagatesErrno]),
    [
      [[1, 2], false],
      [[], true],
    ],
  );
});

test('Open Enclave ignores what is allowed', () => {
  const body = 'trusted { public void a(); }; untrusted { void o() allow(a, nothing); };';
  assert.deepEqual(modelOf(body, 'oe').ocalls[0]?.allows, []);
});

test('headers of every section and import, each once', () => {
  const body =
    'include "a.h" include "b.h" trusted { include "c.h" public void f(); }; untrusted { include "a.h" void o(); };';
  assert.deepEqual(modelOf(body, 'intel').includes, ['a.h', 'b.h', 'c.h']);
});

test('a model cannot be changed', () => {
  const model = modelOf('trusted { public void f(int a); };');
  assert.ok(Object.isFrozen(model) && Object.isFrozen(model.ecalls[0]?.parameters[0]?.type));
});
