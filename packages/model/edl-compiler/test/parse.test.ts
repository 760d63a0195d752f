import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseEdl } from '../src/index.ts';
import type { DialectChoice } from '../src/source/dialect.ts';
import type { EdlFile, TypeName } from '../src/syntax/tree.ts';

function parse(text: string, dialect: DialectChoice = 'both') {
  const { file, diagnostics } = parseEdl({ path: 'a.edl', text }, { dialect });
  return {
    file,
    codes: diagnostics.map(({ code, line, column }) => `${code} ${line}:${column}`),
    notes: diagnostics.flatMap(({ notes }) => notes),
  };
}

/** Wraps what stands in an enclave. */
const inside = (text: string): string => `enclave {\n${text}\n};`;
const functions = (text: string): string => inside(`untrusted { ${text} };`);

function accepted(text: string, dialect: DialectChoice = 'both'): EdlFile {
  const { file, codes } = parse(text, dialect);
  assert.deepEqual(codes, []);
  assert.ok(file);
  return file;
}

/** One problem, whose texts of the SDKs are these; and its column. */
function refused(text: string, code: string, ...notes: string[]): void {
  const found = parse(text);
  assert.equal(found.codes.length, 1, `${text}: ${found.codes.join()}`);
  assert.equal(found.codes[0]?.split(' ')[0], code, text);
  assert.deepEqual(found.notes, notes, text);
  assert.equal(found.file, undefined);
}

/** What one compiler accepts and the other refuses, in the words of the other. */
function differs(text: string, accepting: 'oe' | 'intel', code: string, note: string): void {
  accepted(text, accepting);
  accepted(text);
  const other = parse(text, accepting === 'oe' ? 'intel' : 'oe');
  assert.deepEqual(
    other.codes.map((found) => found.split(' ')[0]),
    [code],
    text,
  );
  assert.deepEqual(other.notes, [note], text);
}

test('every part of the language has its place in the tree', () => {
  const file = accepted(`enclave {
  include "a.h"
  from "b.edl" import *;
  from "c.edl" import f, g;
  enum e { A, B = 2, C = X };
  enum { D };
  struct s { int n; [count=n] uint8_t* p; long a[2][3]; };
  union u { float f; double d; };
  trusted {
    include "t.h"
    public void ecall([in, size=4] const void* p, struct s* q[N]) transition_using_threads;
    int hidden(void);
  };
  untrusted {
    [cdecl, dllimport] wchar_t* ocall() allow(hidden, ecall) propagate_errno transition_using_threads;
  };
};`);
  const [include, all, some, e, anonymous, s, u, trusted, untrusted] = file.items;
  assert.ok(include?.kind === 'include' && include.header.text === 'a.h');
  assert.ok(all?.kind === 'import' && all.names === 'all' && all.form === 'from' && all.file.text === 'b.edl');
  assert.ok(some?.kind === 'import' && some.names !== 'all');
  assert.deepEqual(
    some.names.map(({ text }) => text),
    ['f', 'g'],
  );
  assert.ok(e?.kind === 'enum' && e.name?.text === 'e');
  assert.deepEqual(
    e.members.map(({ name, value }) => [name.text, value && ('text' in value ? value.text : value.value)]),
    [
      ['A', undefined],
      ['B', 2n],
      ['C', 'X'],
    ],
  );
  assert.ok(anonymous?.kind === 'enum' && anonymous.name === undefined);
  assert.ok(s?.kind === 'struct' && s.members.length === 3);
  assert.equal(s.members[1]?.attributes?.attributes[0]?.name.text, 'count');
  assert.equal(s.members[2]?.dimensions.length, 2);
  assert.ok(u?.kind === 'union');
  assert.ok(trusted?.kind === 'trusted');
  assert.deepEqual(
    trusted.includes.map(({ header }) => header.text),
    ['t.h'],
  );
  const [ecall, hidden] = trusted.functions;
  assert.equal(ecall?.access?.text, 'public');
  assert.deepEqual(
    ecall.suffixes.map(({ text }) => text),
    ['transition_using_threads'],
  );
  const [p, q] = ecall.parameters;
  assert.deepEqual(
    p?.attributes?.attributes.map(({ name, value }) => [name.text, value !== undefined]),
    [
      ['in', false],
      ['size', true],
    ],
  );
  assert.ok(p.type.isConst && p.type.pointers === 1 && p.type.base.kind === 'basic' && p.type.base.name === 'void');
  assert.ok(q?.type.base.kind === 'struct' && q.type.base.name.text === 's' && q.dimensions.length === 1);
  assert.equal(hidden?.access, undefined);
  assert.deepEqual(hidden?.parameters, []);
  assert.ok(untrusted?.kind === 'untrusted');
  const [ocall] = untrusted.functions;
  assert.deepEqual(
    ocall?.attributes?.attributes.map(({ name }) => name.text),
    ['cdecl', 'dllimport'],
  );
  assert.deepEqual(
    ocall.allow?.names.map(({ text }) => text),
    ['hidden', 'ecall'],
  );
  assert.deepEqual(
    ocall.suffixes.map(({ text }) => text),
    ['propagate_errno', 'transition_using_threads'],
  );
  assert.deepEqual(file.source.text.slice(ocall.name.at.start, ocall.name.at.end), 'ocall');
  assert.deepEqual(file.source.text.slice(q.at.start, q.at.end), 'struct s* q[N]');
});

test('types are what C says they are', () => {
  const typeOf = (text: string): TypeName => {
    const [section] = accepted(functions(`void f(${text} x);`)).items;
    assert.ok(section?.kind === 'untrusted');
    const type = section.functions[0]?.parameters[0]?.type;
    assert.ok(type);
    return type;
  };
  const names: Readonly<Record<string, string>> = {
    char: 'char',
    'unsigned char': 'unsigned char',
    short: 'short',
    'short int': 'short',
    'unsigned short int': 'unsigned short',
    int: 'int',
    unsigned: 'unsigned int',
    'unsigned int': 'unsigned int',
    long: 'long',
    'long int': 'long',
    'unsigned long': 'unsigned long',
    'long long': 'long long',
    'unsigned long long': 'unsigned long long',
    'long double': 'long double',
    float: 'float',
    double: 'double',
    bool: 'bool',
    wchar_t: 'wchar_t',
    size_t: 'size_t',
    int8_t: 'int8_t',
    uint64_t: 'uint64_t',
  };
  for (const [text, name] of Object.entries(names)) {
    const { base } = typeOf(text);
    assert.ok(base.kind === 'basic');
    assert.equal(base.name, name);
  }
  for (const kind of ['struct', 'union', 'enum']) assert.equal(typeOf(`${kind} k`).base.kind, kind);
  const named = typeOf('pid_t**');
  assert.ok(named.base.kind === 'named' && named.pointers === 2 && !named.isConst);
  refused(
    functions('void f(unsigned double x);'),
    'edl-unsigned-double',
    'oeedger8r: invalid double following unsigned',
    'sgx_edger8r: unexpected token: double',
  );
  refused(
    functions('void f(long long int x);'),
    'edl-long-long-int',
    'oeedger8r: expecting identifier got int',
    'sgx_edger8r: unexpected token: int',
  );
  refused(
    functions('void f(char const* x);'),
    'edl-const-after-type',
    'oeedger8r: expecting identifier got const',
    'sgx_edger8r: unexpected token: const',
  );
  refused(
    functions('void f([in] char* const x);'),
    'edl-const-after-type',
    'oeedger8r: expecting identifier got const',
    'sgx_edger8r: unexpected token: const',
  );
  differs(functions('void f(char int x);'), 'oe', 'edl-char-int', 'sgx_edger8r: unexpected token: int');
});

test('syntax errors carry the words of both compilers', () => {
  refused(
    'enclav {};',
    'edl-expected',
    'oeedger8r: expecting enclave got enclav',
    'sgx_edger8r: unexpected token: enclav',
  );
  refused('', 'edl-expected', 'oeedger8r: expecting enclave got ', 'sgx_edger8r: unexpected token: ');
  refused('enclave {', 'edl-expected', 'oeedger8r: expecting } got ', 'sgx_edger8r: unexpected token: ');
  refused(
    inside('typedef int x;'),
    'edl-unexpected-item',
    'oeedger8r: unexpected token typedef',
    'sgx_edger8r: unexpected token: typedef',
  );
  refused(
    inside('include a'),
    'edl-expected-file',
    'oeedger8r: expecting header filename',
    'sgx_edger8r: unexpected token: a',
  );
  refused(
    inside('from a import *;'),
    'edl-expected-file',
    'oeedger8r: expecting edl filename',
    'sgx_edger8r: unexpected token: a',
  );
  refused(
    inside('from "a" import 5;'),
    'edl-expected-name',
    'oeedger8r: expecting function name',
    'sgx_edger8r: unexpected token: 5',
  );
  refused(
    inside('enum e { 5 };'),
    'edl-expected-name',
    'oeedger8r: expecting identifier, got 5',
    'sgx_edger8r: unexpected token: 5',
  );
  refused(
    inside('enum e { A = "b" };'),
    'edl-expected-value',
    'oeedger8r: expecting enum value, got "b"',
    'sgx_edger8r: unexpected token: "b"',
  );
  refused(
    inside('struct { int a; };'),
    'edl-expected-name',
    'oeedger8r: expecting struct/union name, got {',
    'sgx_edger8r: unexpected token: {',
  );
  refused(
    functions('void f(struct);'),
    'edl-expected-name',
    'oeedger8r: expecting struct/enum/union name, got )',
    'sgx_edger8r: unexpected token: )',
  );
  refused(
    functions('void f(int);'),
    'edl-expected-name',
    'oeedger8r: expecting identifier got )',
    'sgx_edger8r: unexpected token: )',
  );
  refused(
    functions('void f(5);'),
    'edl-expected-type',
    'oeedger8r: expecting typename, got 5',
    'sgx_edger8r: unexpected token: 5',
  );
  refused(
    functions('void f(int a["b"]);'),
    'edl-expected-value',
    'oeedger8r: expecting array dimension, got "b"',
    'sgx_edger8r: unexpected token: "b"',
  );
  refused(
    functions('void f([in, size="b"] void* a);'),
    'edl-expected-value',
    'oeedger8r: expecting integer',
    'sgx_edger8r: unexpected token: "b"',
  );
  refused(
    functions('void f([5] void* a);'),
    'edl-expected-name',
    "oeedger8r: unknown attribute: `5'",
    'sgx_edger8r: unexpected token: 5',
  );
  refused(functions('void f([in, size] void* a);'), 'edl-attribute-no-value', 'oeedger8r: expecting = got ]');
  refused(
    functions('void f([] void* a);'),
    'edl-attributes-empty',
    "oeedger8r: unknown attribute: `]'",
    'sgx_edger8r: no attribute specified.',
  );
  refused(
    functions('void 5();'),
    'edl-expected-name',
    'oeedger8r: expecting function name, got 5',
    'sgx_edger8r: unexpected token: 5',
  );
  refused(
    functions('void f(int a int b);'),
    'edl-expected',
    'oeedger8r: expecting , got int',
    'sgx_edger8r: unexpected token: int',
  );
  refused(
    functions('void f() allow(5);'),
    'edl-expected-name',
    'oeedger8r: expecting identifier, got 5',
    'sgx_edger8r: unexpected token: 5',
  );
  refused(
    functions('void f() propagate_errno propagate_errno;'),
    'edl-suffix-repeated',
    'oeedger8r: expecting ; got propagate_errno',
    'sgx_edger8r: unexpected token: propagate_errno',
  );
  refused(
    functions('public void f();'),
    'edl-public-untrusted',
    'oeedger8r: expecting ( got f',
    'sgx_edger8r: unexpected token: public',
  );
  refused(
    inside('trusted { public void f() propagate_errno; };'),
    'edl-errno-trusted',
    'oeedger8r: expecting ; got propagate_errno',
    'sgx_edger8r: unexpected token: propagate_errno',
  );
  refused(
    inside('trusted { private void f(); };'),
    'edl-private-keyword',
    'oeedger8r: expecting ( got f',
    'sgx_edger8r: unexpected token: void',
  );
  refused(
    inside('trusted { [cdecl] void f(); };'),
    'edl-trusted-attributes',
    'oeedger8r: expecting typename, got [',
    'sgx_edger8r: unexpected token: [',
  );
  refused(
    inside('include "a.h";'),
    'edl-extra-semicolon',
    'oeedger8r: unexpected token ;',
    'sgx_edger8r: unexpected token: ;',
  );
  refused(
    inside('trusted { void f(); include "a.h" };'),
    'edl-include-after-function',
    'oeedger8r: expecting function name, got "a.h"',
    'sgx_edger8r: unexpected token: include',
  );
});

test('what only one compiler accepts is a difference', () => {
  differs('enclave { }', 'oe', 'edl-enclave-semicolon', 'sgx_edger8r: unexpected token: ');
  differs(inside('import "a.edl"'), 'oe', 'edl-import-statement', 'sgx_edger8r: unexpected token: import');
  differs(inside('from "a.edl" import ;'), 'oe', 'edl-empty-list', 'sgx_edger8r: unexpected token: ;');
  differs(inside('from "a.edl" import f, ;'), 'oe', 'edl-trailing-comma', 'sgx_edger8r: unexpected token: ;');
  differs(inside('enum e { A, };'), 'oe', 'edl-trailing-comma', 'sgx_edger8r: unexpected token: }');
  differs(inside('struct s { };'), 'oe', 'edl-empty-list', 'sgx_edger8r: unexpected token: }');
  differs(inside('struct s { int a };'), 'oe', 'edl-member-semicolon', 'sgx_edger8r: unexpected token: }');
  differs(inside('struct s { const int a; };'), 'oe', 'edl-const', 'sgx_edger8r: unexpected token: const');
  differs(functions('const char* f();'), 'oe', 'edl-const', 'sgx_edger8r: unexpected token: const');
  differs(functions('void f(const int a);'), 'oe', 'edl-const', 'sgx_edger8r: unexpected token: a');
  differs(functions('void f(int allow);'), 'oe', 'edl-keyword', 'sgx_edger8r: unexpected token: allow');
  differs(inside('enum e { A = public };'), 'oe', 'edl-keyword', 'sgx_edger8r: unexpected token: public');
  differs(functions('void f([in=2] int* a);'), 'intel', 'edl-attribute-value', 'oeedger8r: expecting , got =');
  differs(functions('[cdecl] void f();'), 'intel', 'edl-function-attributes', 'oeedger8r: expecting typename, got [');
  differs(
    inside('trusted { include "a.h" void f(); };'),
    'intel',
    'edl-include-in-section',
    'oeedger8r: expecting function name, got "a.h"',
  );
  differs(
    `#ifdef A\n#else\nenclave { };\n#endif`,
    'intel',
    'edl-conditional-around-enclave',
    'oeedger8r: unterminated #ifdef or #ifndef',
  );
});

test('a file that needs both compilers is refused', () => {
  const text = inside('import "a.edl"\nuntrusted { [cdecl] void f(); };');
  const { codes, notes } = parse(text);
  assert.deepEqual(codes, ['edl-mixed-dialects 3:13']);
  assert.deepEqual(notes, [
    'oeedger8r: expecting typename, got [',
    "a.edl:2:1: Intel's compiler has no such statement.",
    'sgx_edger8r: unexpected token: import',
  ]);
});

test("what follows the enclave is ignored by Open Enclave's compiler only", () => {
  const text = 'enclave { };\nenclave { };';
  assert.deepEqual(parse(text, 'intel').codes, ['edl-after-enclave 2:1']);
  for (const dialect of ['oe', 'both'] as const) {
    const { file, codes } = parse(text, dialect);
    assert.deepEqual(codes, ['edl-after-enclave-ignored 2:1']);
    assert.ok(file);
  }
});

test('integers are decimal, and mean the same to both compilers', () => {
  const count = (text: string, dialect: DialectChoice) => {
    const { file, codes } = parse(functions(`void f([in, count=${text}] int* a);`), dialect);
    const [section] = file?.items ?? [];
    const value =
      section?.kind === 'untrusted' ? section.functions[0]?.parameters[0]?.attributes?.attributes[1]?.value : undefined;
    return value !== undefined && 'value' in value ? value.value : codes[0]?.split(' ')[0];
  };
  assert.equal(count('10', 'both'), 10n);
  assert.equal(count('010', 'both'), 'edl-integer-zero');
  assert.equal(count('010', 'oe'), 8n);
  assert.equal(count('010', 'intel'), 10n);
  assert.equal(count('09', 'oe'), 'edl-integer');
  assert.equal(count('0x10', 'both'), 'edl-integer');
  assert.equal(count('4611686018427387903', 'both'), 4611686018427387903n);
  assert.equal(count('4611686018427387904', 'both'), 'edl-integer-range');
});

test('one run finds several errors, and each once', () => {
  const { codes } = parse(`enclave {
  include a.h
  struct s { int; long b; 5 c; };
  trusted {
    public void f(int a int b);
    public void g(int a)
    public void h(unknown[ x);
    public void i(int a);
  };
  enum e { A B };
  untrusted { void j(int); };
};`);
  assert.deepEqual(codes, [
    'edl-expected-file 2:11',
    'edl-unknown-character 2:12',
    'edl-expected-name 3:17',
    'edl-expected-type 3:27',
    'edl-expected 5:25',
    'edl-expected 6:25',
    'edl-expected-name 7:26',
    'edl-expected 10:14',
    'edl-expected-name 11:25',
  ]);
});

test('a brace that is forgotten is missed once', () => {
  assert.deepEqual(parse('enclave {\n  trusted {\n    public void f();\n  untrusted {\n  };\n};').codes, [
    'edl-expected 4:3',
  ]);
});
