import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileEdl, type DialectChoice } from '../src/index.ts';

type Files = Readonly<Record<string, string>>;

function compile(files: Files, dialect: DialectChoice) {
  const texts = new Map(Object.entries(files).map(([path, body]) => [path, `enclave {\n${body}\n};\n`]));
  const { model, diagnostics } = compileEdl({ file: 'a.edl', read: (path) => texts.get(path), dialect });
  return {
    ecalls: model?.ecalls.map(({ name }) => name).join(' '),
    ocalls: model?.ocalls.map(({ name }) => name).join(' '),
    codes: diagnostics.map(({ code }) => code),
  };
}

/** Public trusted functions, then untrusted ones. */
const functions = (trusted: string, untrusted = ''): string => {
  const of = (names: string, access: string) =>
    names
      .split(' ')
      .filter((name) => name !== '')
      .map((name) => `${access}void ${name}();`)
      .join(' ');
  return `trusted { ${of(trusted, 'public ')} }; untrusted { ${of(untrusted, '')} };`;
};

// By hand from parser.cpp of oeedger8r-cpp (parse_body, append_function) and CodeGen.ml of sgx_edger8r (reduce_import).
const cases: readonly { readonly what: string; readonly files: Files; readonly oe: string; readonly intel: string }[] =
  [
    {
      what: 'own functions come first, wherever their sections stand',
      files: { 'a.edl': `from "b.edl" import *; ${functions('f')} ${functions('g')}`, 'b.edl': functions('b') },
      oe: 'f g b',
      intel: 'f g b',
    },
    {
      what: 'imports follow depth first',
      files: {
        'a.edl': `${functions('f')} from "b.edl" import *; from "c.edl" import *;`,
        'b.edl': `${functions('b')} from "d.edl" import *;`,
        'c.edl': functions('c'),
        'd.edl': functions('d'),
      },
      oe: 'f b d c',
      intel: 'f b d c',
    },
    {
      what: 'a file that two import is there once, at its first place',
      files: {
        'a.edl': `${functions('f')} from "b.edl" import *; from "c.edl" import *;`,
        'b.edl': `${functions('b')} from "d.edl" import *;`,
        'c.edl': `${functions('c')} from "d.edl" import *;`,
        'd.edl': functions('d'),
      },
      oe: 'f b d c',
      intel: 'f b d c',
    },
    {
      what: 'named functions come in the order of the import, or of their file',
      files: { 'a.edl': `${functions('f')} from "b.edl" import y, x;`, 'b.edl': functions('x y z') },
      oe: 'f y x',
      intel: 'f x y',
    },
    {
      what: 'a second import adds what the first left out',
      files: {
        'a.edl': `${functions('f')} from "b.edl" import y; from "b.edl" import *;`,
        'b.edl': functions('x y z'),
      },
      oe: 'f y x z',
      intel: 'f y x z',
    },
    {
      what: 'names are looked for in the imports of the imported file',
      files: {
        'a.edl': `${functions('f')} from "b.edl" import x, c;`,
        'b.edl': `${functions('x y')} from "c.edl" import *;`,
        'c.edl': functions('c d'),
      },
      oe: 'f x c',
      intel: 'f x c',
    },
  ];

for (const { what, files, oe, intel } of cases) {
  test(what, () => {
    assert.equal(compile(files, 'oe').ecalls, oe);
    assert.equal(compile(files, 'intel').ecalls, intel);
    const both = compile(files, 'both');
    assert.equal(both.ecalls, intel);
    assert.deepEqual(both.codes, oe === intel ? [] : ['edl-function-order']);
  });
}

test('untrusted functions are counted by themselves', () => {
  const files = { 'a.edl': `${functions('f', 'o')} from "b.edl" import *;`, 'b.edl': functions('b', 'p q') };
  for (const dialect of ['oe', 'intel', 'both'] as const) {
    assert.deepEqual(compile(files, dialect), { ecalls: 'f b', ocalls: 'o p q', codes: [] });
  }
});

test("a name that only one of several imports has is not found by Intel's compiler", () => {
  const files = {
    'a.edl': `${functions('f')} from "b.edl" import c;`,
    'b.edl': `${functions('x')} from "c.edl" import *; from "d.edl" import *;`,
    'c.edl': functions('c'),
    'd.edl': functions('d'),
  };
  assert.deepEqual(compile(files, 'oe').ecalls, 'f c');
  assert.deepEqual(compile(files, 'intel').codes, ['edl-import-unknown-function']);
  assert.deepEqual(compile(files, 'both').ecalls, 'f c');
});

test("a third import of one file is a second definition for Intel's compiler, which compares with the first one only", () => {
  const files = {
    'a.edl': `${functions('f')} from "b.edl" import x; from "b.edl" import y; from "b.edl" import y;`,
    'b.edl': functions('x y'),
  };
  assert.deepEqual(compile(files, 'oe').ecalls, 'f x y');
  assert.deepEqual(compile(files, 'intel').codes, ['edl-duplicate-function']);
  assert.deepEqual(compile(files, 'both').ecalls, 'f x y');
});

test('files that import each other twice, sixty levels deep, take no time', () => {
  const level = (index: number) => [
    `l${index}.edl`,
    `${functions(`f${index}`)} from "l${index + 1}.edl" import *; from "l${index + 1}.edl" import *;`,
  ];
  const files = Object.fromEntries([
    ['a.edl', `${functions('f')} from "l0.edl" import *;`],
    ...Array.from({ length: 60 }, (_, index) => level(index)),
    ['l60.edl', functions('last')],
  ]) as Files;
  for (const dialect of ['oe', 'intel', 'both'] as const) {
    assert.equal(compile(files, dialect).ecalls?.split(' ').length, 62);
  }
});

test('imports that ask for functions in endless ways are refused, and take no time', () => {
  const names = Array.from({ length: 60 }, (_, index) => `f${index}`);
  const layer = (index: number): [string, string][] => {
    const imports = index < 59 ? `from "x${index + 1}.edl" import *; from "y${index + 1}.edl" import *;` : '';
    // A way through the first file finds one name, a way through the second none.
    return [
      [`x${index}.edl`, `${functions(`f${index}`)} ${imports}`],
      [`y${index}.edl`, `${functions(`g${index}`)} ${imports}`],
    ];
  };
  const layers = Object.fromEntries([
    ['a.edl', `${functions('f')} from "x0.edl" import ${names.join(', ')};`],
    ...Array.from({ length: 60 }, (_, index) => layer(index)).flat(),
  ]) as Files;
  for (const dialect of ['intel', 'both'] as const) {
    assert.deepEqual(compile(layers, dialect).codes, ['edl-imports-too-large']);
  }
  const repeated = {
    'a.edl': `${functions('f')} ${'from "b.edl" import *;'.repeat(20_000)}`,
    'b.edl': functions(Array.from({ length: 20_000 }, (_, index) => `b${index}`).join(' ')),
  };
  for (const dialect of ['oe', 'intel', 'both'] as const) {
    assert.deepEqual(compile(repeated, dialect).codes, ['edl-imports-too-large']);
  }
});

test('duplicates are found across imports, once for both compilers', () => {
  const files = {
    'a.edl': `${functions('f')} from "b.edl" import *; from "c.edl" import *;`,
    'b.edl': functions('b'),
    'c.edl': functions('c', 'b'),
  };
  for (const dialect of ['oe', 'intel', 'both'] as const) {
    assert.deepEqual(compile(files, dialect).codes, ['edl-duplicate-function']);
  }
});
