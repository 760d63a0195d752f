import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkEdl } from '../src/check/check.ts';
import { compileEdl, Findings } from '../src/index.ts';
import type { EdlFile } from '../src/syntax/tree.ts';

const source = { path: 'a.edl', text: 'enclave { };\n' };
const empty: EdlFile = { source, items: [], trivia: [], at: { source, start: 0, end: 12 } };
const loaded = { root: empty, files: new Map([['a.edl', empty]]), imports: new Map() };

test('an interface without functions is one for Open Enclave only', () => {
  for (const [dialect, accepted] of [
    ['oe', 'oe'],
    ['intel', undefined],
    ['both', 'oe'],
  ] as const) {
    const findings = new Findings({ dialect });
    assert.equal(checkEdl(loaded, dialect, findings)?.dialect, accepted);
    assert.deepEqual(
      findings.diagnostics().map(({ code }) => code),
      accepted === undefined ? ['edl-no-public-ecall'] : [],
    );
  }
});

const slips: readonly (readonly [parameters: string, text: string, hint: string | undefined])[] = [
  ['[in, size=lenn] void* p, size_t len', '"lenn" is not declared here, so nothing holds the size.', 'len'],
  [
    '[in, size=room] void* p, size_t len',
    '"room" is not declared here, so nothing holds the size.',
    'the name of a parameter',
  ],
  ['[inout] int* p', 'There is no attribute "inout".', 'in, out'],
  ['[in, usercheck] int* p', 'There is no attribute "usercheck".', 'user_check'],
  ['[in out] int* p', '"," or "]" is expected here, not "out".', undefined],
  ['int a int b', '"," or ")" is expected here, not "int".', undefined],
  [
    '[in, size=sizeof(int)] int* p',
    'The value of "size" is one number or one name, not an expression.',
    'a parameter that holds the result, and its name',
  ],
  ['[isptr, out] num_t n, [in, size=n] void* p', '"n" cannot hold a size: it is "[isptr] num_t".', 'size_t'],
  ['[isary, user_check] num_t n, [in, count=n] int* p', '"n" cannot hold a size: it is "[isary] num_t".', 'size_t'],
  ['std::string p', 'EDL has no use for ":".', 'types of C, such as [in, string] const char* for text'],
  ['int& p', 'EDL has no use for "&".', 'a pointer, such as [in] int*'],
];
for (const [parameters, text, hint] of slips) {
  test(`what to write for (${parameters})`, () => {
    const file = `enclave { trusted { public void f(${parameters}); }; };`;
    const { diagnostics } = compileEdl({ file: 'a.edl', read: (path) => (path === 'a.edl' ? file : undefined) });
    const [first, second] = diagnostics;
    assert.deepEqual([first?.text, first?.suggestion], [text, hint]);
    // A slip of two characters is reported once.
    assert.notEqual(second?.code, 'edl-unknown-character');
  });
}

test('a member whose size nothing holds asks for a member', () => {
  const file = 'enclave { struct s_t { [size=x] int* p; }; trusted { public void f(); }; };';
  const { diagnostics } = compileEdl({ file: 'a.edl', read: (path) => (path === 'a.edl' ? file : undefined) });
  assert.equal(diagnostics[0]?.suggestion, 'the name of a member');
});
