import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileEdl, EdlFileError, formatEdl } from '../src/index.ts';

const times = 10_000;
const many = (text: string): string => text.repeat(times);
const inside = (text: string): string => `enclave {\n${text}\n};\n`;
const inFunction = (text: string): string => inside(`untrusted { void f(${text}); };`);

/** Each repeats what a careless compiler would look at again and again. */
const shapes: Readonly<Record<string, string>> = {
  'open parentheses': inFunction(many('(')),
  'open braces': inside(many('struct s {')),
  'closing braces': inside(many('}')),
  'open brackets': inFunction(many('[in, ')),
  asterisks: inFunction(`int ${many('*')} a`),
  dimensions: inFunction(`int a${many('[1]')}`),
  constants: inFunction(`${many('const ')}int a`),
  attributes: inFunction(`[${many('in, ')}out] int* a`),
  parameters: inFunction(`${many('int a, ')}int b`),
  'names without types': inFunction(many('a, ')),
  suffixes: inside(`untrusted { void f() ${many('propagate_errno ')}; };`),
  allows: inside(`untrusted { void f() allow(${many('a, ')}b); };`),
  members: inside(`struct s { ${many('int a; ')} };`),
  enumerators: inside(`enum e { ${many('A, ')} B };`),
  'enumerators of others': inside(
    `enum e { A0 = 1, ${Array.from({ length: times }, (_, index) => `A${index + 1} = A${index}`).join()} };`,
  ),
  structures: inside(many('struct s { int a; };')),
  'structures in one another': inside(
    Array.from({ length: times }, (_, index) => `struct s${index + 1} { struct s${index} a; };`).join(''),
  ),
  functions: inside(`trusted { ${many('public void f();')} };`),
  'functions of many names': inside(
    `trusted { ${Array.from({ length: times }, (_, index) => `public void f${index}(int a, int b);`).join('')} };`,
  ),
  sections: inside(many('trusted { };')),
  includes: inside(many('include "a" ')),
  'missing imports': inside(many('import "b.edl" ')),
  strings: inside(many('"a" ')),
  'unknown characters': inside(many('@')),
  'line comments': inside(many('// a\n')),
  'continued comments': inside(`// ${many('a \\\n')}`),
  'block comments': inside(many('/* a */')),
  'comments in parameters': inFunction(`int a ${many('/* a */')}`),
  slashes: inside(many('/')),
  backslashes: inside(many('\\')),
  'ends of lines': inside(many('\n')),
  spaces: inside(many(' ')),
  digits: inside(`enum e { A = ${many('9')} };`),
  letters: inside(`struct ${many('a')} { int a; };`),
  conditionals: inside(many('#ifdef A\n#endif\n')),
  'nested conditionals': inside(many('#ifdef A\n')),
  branches: inside(`#if 0\n${many('#elif 0\n')}#endif`),
  'left-out strings': inside(`#ifdef A\n${many('"a" ')}\n#endif`),
  'left-out tokens': inside(`#ifdef A\n${many('{ a = ( ')}\n#endif`),
  conditions: inside(`#if ${many('(')}1\n#endif`),
  negations: inside(`#if ${many('!')}1\n#endif`),
  sums: inside(`#if ${many('1 + ')}1\n#endif`),
  macros: inside(Array.from({ length: times }, (_, index) => `#define M${index} M${index + 1}\n`).join('') + 'M0'),
  'a macro of macros': inside(`#define A ${many('B ')}\n#define B ${many('C ')}\n#define C\nA`),
};

for (const [name, text] of Object.entries(shapes)) {
  test(`a file of nothing but ${name} is answered`, () => {
    const { diagnostics } = compileEdl({ file: 'a.edl', read: (path) => (path === 'a.edl' ? text : undefined) });
    assert.ok(diagnostics.length <= 200);
    assert.ok(JSON.stringify(diagnostics).length < 1_000_000);
    try {
      // Lines that grew with each brace would be the square of the text.
      assert.ok(formatEdl({ path: 'a.edl', text }).length < 20 * text.length);
    } catch (error) {
      assert.ok(error instanceof EdlFileError);
    }
  });
}
