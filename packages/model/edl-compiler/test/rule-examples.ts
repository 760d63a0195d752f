/** An example of each rule: what it refuses or warns of, and the same as it should be. The reference page shows them. */
export interface RuleExample {
  /** What stands in the enclave's braces. */
  readonly refused: string;
  /** What the diagnostic underlines. */
  readonly at: string;
  /** What oeedger8r prints: absent when it accepts, or when the rule is silent there. */
  readonly oe?: string;
  readonly intel?: string;
  /** Other codes of the same text, which cannot be written without them. */
  readonly also?: readonly string[];
  readonly accepted: string;
  /** Files to import. */
  readonly files?: Readonly<Record<string, string>>;
  /** Of the file, when it matters. */
  readonly name?: string;
}

/** A file with one trusted function. */
const call = (parameters: string): string => `trusted { public void f(${parameters}); };`;
const withStruct = (members: string, parameters = ''): string => `struct s_t { ${members} };\n    ${call(parameters)}`;
const withUnion = (members: string): string => `union u_t { ${members} };\n    ${call('')}`;

export const ruleExamples: Readonly<Record<string, RuleExample>> = {
  'edl-unknown-attribute': {
    refused: call('[in, length=4] char* p'),
    at: 'length',
    oe: "unknown attribute: `length'",
    intel: 'unknown attribute: length',
    accepted: call('[in, size=4] char* p'),
  },
  'edl-sizefunc': {
    refused: call('[in, sizefunc=g] char* p'),
    at: 'sizefunc',
    oe: "The attribute 'sizefunc' is deprecated. Please use 'size' attribute instead.",
    intel: "The attribute 'sizefunc' is deprecated. Please use 'size' attribute instead.",
    accepted: call('[in, size=n] char* p, size_t n'),
  },
  'edl-readonly-attribute': {
    refused: call('[in, isptr, readonly] handle_t p'),
    at: 'readonly',
    oe: "unknown attribute: `readonly'",
    accepted: call('[in] const record_t* p'),
  },
  'edl-duplicate-attribute': {
    refused: call('[in, in] int* p'),
    at: 'in',
    oe: "duplicated attribute: `in'",
    intel: "duplicated attribute: `in'",
    accepted: call('[in, out] int* p'),
  },
  'edl-attribute-without-value': {
    refused: call('[in, size] int* p'),
    at: 'size',
    oe: ' expecting = got ]',
    accepted: call('[in, size=8] int* p'),
  },
  'edl-attribute-with-value': {
    refused: call('[in=8] int* p'),
    at: 'in=8',
    oe: ' expecting , got =',
    accepted: call('[in, size=8] int* p'),
  },
  'edl-attributes-of-plain-type': {
    refused: call('[in] int p'),
    at: 'in',
    oe: "unexpected pointer attributes for `int'",
    intel: "unexpected pointer attributes for `int'",
    accepted: call('int p'),
  },
  'edl-size-without-direction': {
    refused: call('[size=8] int* p'),
    at: 'size',
    oe: 'size/count attributes must be used with pointer direction',
    intel: 'size/string attributes must be used with pointer direction',
    accepted: call('[in, size=8] int* p'),
  },
  'edl-string-without-direction': {
    refused: call('[string] char* p'),
    at: 'string',
    oe: 'string/wstring attributes must be used with pointer direction',
    intel: 'size/string attributes must be used with pointer direction',
    accepted: call('[in, string] char* p'),
  },
  'edl-string-out-only': {
    refused: call('[out, string] char* p'),
    at: 'string',
    oe: "string/wstring attribute should be used with an `in' attribute",
    intel: "string/wstring should be used with an `in' attribute",
    accepted: call('[in, out, string] char* p'),
  },
  'edl-size-with-string': {
    refused: call('[in, string, size=8] char* p'),
    at: 'string',
    oe: 'size attributes are mutually exclusive with (w)string attribute',
    intel: 'size attributes are mutual exclusive with (w)string attribute',
    accepted: call('[in, string] char* p'),
  },
  'edl-string-with-wstring': {
    refused: call('[in, string, wstring] char* p'),
    at: 'wstring',
    oe: "`string' and `wstring' are mutually exclusive",
    intel: "`string' and `wstring' are mutual exclusive",
    also: ['edl-wstring-type'],
    accepted: call('[in, string] char* p'),
  },
  'edl-string-type': {
    refused: call('[in, string] int* p'),
    at: 'string',
    oe: "invalid `string' attribute - `p' is not char pointer",
    intel: "`f': invalid 'string' attribute - `p' is not char pointer.",
    accepted: call('[in, string] const char* p'),
  },
  'edl-wstring-type': {
    refused: call('[in, wstring] char* p'),
    at: 'wstring',
    oe: "invalid `wstring' attribute - `p' is not wchar_t pointer",
    intel: "`f': invalid 'wstring' attribute - `p' is not wchar_t pointer.",
    accepted: call('[in, wstring] wchar_t* p'),
  },
  'edl-direction-with-user-check': {
    refused: call('[in, user_check] int* p'),
    at: 'user_check',
    oe: "pointer direction and `user_check' are mutually exclusive",
    intel: "pointer direction and `user_check' are mutual exclusive",
    accepted: call('[user_check] int* p'),
  },
  'edl-pointer-without-direction': {
    refused: call('int* p'),
    at: 'p',
    intel: "pointer/array should have direction attribute or `user_check'",
    accepted: call('[in] int* p'),
  },
  'edl-typedef-without-direction': {
    refused: call('[isary] list_t p'),
    at: 'isary',
    oe: "`isary' should have direction attribute or `user_check'",
    intel: "array must have direction attribute or `user_check'",
    accepted: call('[in, isary] list_t p'),
  },
  'edl-isptr-with-isary': {
    refused: call('[in, isptr, isary] list_t p'),
    at: 'isary',
    oe: "`isary' cannot be used with `isptr' together",
    intel: "`isary' cannot be used with `isptr' together",
    accepted: call('[in, isary] list_t p'),
  },
  'edl-typedef-attribute-type': {
    refused: call('[in, isptr] int p'),
    at: 'isptr',
    oe: "`isptr' attribute is only valid for user defined type, not for `int'",
    intel: "'isptr', attributes are only for user defined type, not for `int'.",
    accepted: call('[in, isptr] handle_t p'),
  },
  'edl-pointer-array': {
    refused: call('[in] int* p[4]'),
    at: 'p',
    oe: "invalid parameter - `p' is a pointer array",
    intel: "`f': Pointer array not allowed - `p' is a pointer array.",
    accepted: call('[in] int p[4]'),
  },
  'edl-size-of-isary': {
    refused: call('[in, isary, count=4] list_t p'),
    at: 'count',
    intel: 'Pointer size attributes cannot be used with foreign array',
    accepted: call('[in, isary] list_t p'),
  },
  'edl-attribute-of-declared-array': {
    refused: call('[in, count=4] int p[4]'),
    at: 'count',
    intel: "`f': invalid 'count' attribute - `p' is explicitly declared array.",
    accepted: call('[in] int p[4]'),
  },
  'edl-void-pointer-without-size': {
    refused: call('[in] void* p'),
    at: 'p',
    intel: "`f': void pointer `p' - buffer size unknown",
    accepted: call('[in, size=n] void* p, size_t n'),
  },
  'edl-readonly-type': {
    refused: call('[in, readonly] int* p'),
    at: 'readonly',
    intel: "'readonly', attributes are only for user defined type, not for `int*'.",
    accepted: call('[in] const int* p'),
  },
  'edl-readonly-without-isptr': {
    refused: call('[in, readonly] record_t* p'),
    at: 'readonly',
    intel: "'readonly' attribute is only used with 'isptr' attribute.",
    accepted: call('[in, isptr, readonly] handle_t p'),
  },
  'edl-readonly-out': {
    refused: call('[out] const int* p'),
    at: 'p',
    intel: "`f': `p' is readonly - cannot be used with `out'",
    accepted: call('[in] const int* p'),
  },
  'edl-size-and-count': {
    refused: call('[in, size=4, count=n] int* p, size_t n'),
    at: 'count',
    oe: "Function `f': simultaneous `size' and `count' parameters `size' and `count' are not supported by oeedger8r.",
    accepted: call('[in, count=n] int* p, size_t n'),
  },
  'edl-size-name': {
    refused: call('[in, size=m] int* p, size_t n'),
    at: 'm',
    oe: "could not find declaration for `m'.",
    intel: "parameter `m' not found.",
    accepted: call('[in, size=n] int* p, size_t n'),
  },
  'edl-size-type': {
    refused: call('[in, size=n] int* p, struct point n'),
    at: 'n',
    oe: 'size/count has invalid type.',
    accepted: call('[in, size=n] int* p, size_t n'),
  },
  'edl-size-of-deep-pointer': {
    refused: withStruct('size_t n; [count=n] int* p;', '[in, size=16] struct s_t* s'),
    at: 'size',
    oe: "size attributes are invalid for the pointer of an user-defined type `s_t'",
    accepted: withStruct('size_t n; [count=n] int* p;', '[in, count=1] struct s_t* s'),
  },
  'edl-member-attribute': {
    refused: withStruct('[in, count=2] int* p;'),
    at: 'in',
    oe: "only `count' and `size' attributes can be specified for struct properties",
    intel: 'direction attribute is not allowed for structure member.',
    accepted: withStruct('[count=2] int* p;'),
  },
  'edl-size-of-plain-member': {
    refused: withStruct('[count=2] int p;'),
    at: 'count',
    oe: "unexpected pointer attributes for `int'",
    intel: "'int' specified deep copy, but it's not a pointer",
    accepted: withStruct('[count=2] int* p;'),
  },
  'edl-size-of-array-member': {
    refused: withStruct('[count=2] int p[4];'),
    at: 'count',
    accepted: withStruct('int p[4];'),
  },
  'edl-union-attributes': {
    refused: withUnion('[count=2] int* p;'),
    at: '[count=2]',
    oe: 'attributes are not allowed for unions',
    intel: 'unexpected token: [',
    accepted: withUnion('int* p;'),
  },
  'edl-void-value': {
    refused: call('int n, void p'),
    at: 'p',
    intel: "parameter `p' has `void' type.",
    accepted: call('int n, [user_check] void* p'),
  },
  'edl-flexible-array': {
    refused: call('[in] int p[]'),
    at: '[]',
    oe: 'expecting array dimension, got ]',
    intel: 'Flexible array is not supported.',
    accepted: call('[in, count=n] int* p, size_t n'),
  },
  'edl-zero-length-array': {
    refused: call('[in] int p[0]'),
    at: '0',
    intel: 'Zero-length array is not supported.',
    accepted: call('[in] int p[1]'),
  },
  'edl-named-array-length': {
    refused: call('[in] int p[KEY_SIZE]'),
    at: 'KEY_SIZE',
    intel: 'unexpected token: KEY_SIZE',
    accepted: call('[in] int p[32]'),
  },
  'edl-number-too-large': {
    refused: call('[in, size=99999999999999999] int* p'),
    at: '99999999999999999',
    accepted: call('[in, size=9007199254740991] int* p'),
  },
  'edl-array-returned': {
    refused: 'trusted { public int[4] f(); };',
    at: '[4]',
    oe: 'expecting function name, got [',
    intel: 'f: returning an array is not supported - use pointer instead.',
    accepted: call('[out] int p[4]'),
  },
  'edl-private-ecall': {
    refused: 'trusted { public void f(); void g(); };\n    untrusted { void o() allow(g); };',
    at: 'g',
    oe: "Function `g': `private' specifier is not supported by oeedger8r",
    accepted: 'trusted { public void f(); public void g(); };\n    untrusted { void o(); };',
  },
  'edl-no-public-ecall': {
    refused: 'trusted { void f(); };\n    untrusted { void o() allow(f); };',
    at: 'enclave',
    intel: "the enclave `a' contains no public root ECALL.",
    accepted: 'trusted { public void f(); };\n    untrusted { void o(); };',
  },
  'edl-allow-unknown': {
    refused: `${call('')}\n    untrusted { void o() allow(g); };`,
    at: 'g',
    intel: '"o" declared to allow unknown function "g".',
    accepted: `${call('')}\n    untrusted { void o() allow(f); };`,
  },
  'edl-allow-of-trusted': {
    refused: 'trusted { public void f() allow(o); };\n    untrusted { void o(); };',
    at: 'allow(o)',
    oe: "the `allow' syntax is invalid for a trusted function (ECALL).",
    intel: 'unexpected token: allow',
    accepted: 'trusted { public void f(); };\n    untrusted { void o() allow(f); };',
  },
  'edl-private-word': {
    refused: 'trusted { public void f(); private void g(); };\n    untrusted { void o() allow(g); };',
    at: 'private',
    oe: ' expecting ( got g',
    intel: 'unexpected token: void',
    accepted: 'trusted { public void f(); void g(); };\n    untrusted { void o() allow(g); };',
  },
  'edl-duplicate-function': {
    refused: `${call('')}\n    untrusted { void f(); };`,
    at: 'f',
    oe: 'Duplicate function definition detected for f',
    intel: 'Multiple definition of function "f" detected.',
    accepted: `${call('')}\n    untrusted { void o(); };`,
  },
  'edl-import-unknown-function': {
    refused: `from "b.edl" import g, h;\n    ${call('')}`,
    at: 'h',
    oe: 'function h not found in imported edl.',
    intel: "import failed - functions `h' not found",
    accepted: `from "b.edl" import g;\n    ${call('')}`,
    files: { 'b.edl': 'enclave { trusted { public void g(); }; };\n' },
  },
  'edl-function-attributes': {
    refused: `${call('')}\n    untrusted { [cdecl] void o(); };`,
    at: '[cdecl]',
    oe: 'expecting typename, got [',
    accepted: `${call('')}\n    untrusted { void o(); };`,
  },
  'edl-unknown-function-attribute': {
    refused: `${call('')}\n    untrusted { [pascal] void o(); };`,
    at: 'pascal',
    oe: 'expecting typename, got [',
    intel: 'invalid function attribute: pascal',
    accepted: `${call('')}\n    untrusted { void o(); };`,
  },
  'edl-calling-conventions': {
    refused: `${call('')}\n    untrusted { [cdecl, stdcall] void o(); };`,
    at: 'stdcall',
    oe: 'expecting typename, got [',
    intel: "unexpected `stdcall',  conflict with `CDECL'.",
    accepted: `${call('')}\n    untrusted { [cdecl] void o(); };`,
  },
  'edl-duplicate-function-attribute': {
    refused: `${call('')}\n    untrusted { [dllimport, dllimport] void o(); };`,
    at: 'dllimport',
    oe: 'expecting typename, got [',
    intel: "duplicated attribute: `dllimport'",
    accepted: `${call('')}\n    untrusted { [dllimport] void o(); };`,
  },
  'edl-include-in-section': {
    refused: 'trusted { include "a.h" public void f(); };',
    at: 'include "a.h"',
    oe: 'expecting function name, got "a.h"',
    accepted: `include "a.h"\n    ${call('')}`,
  },
  'edl-const-place': {
    refused: call('const int n'),
    at: 'const int',
    intel: 'unexpected token: const',
    accepted: call('int n'),
  },
  'edl-empty-structure': {
    refused: withStruct(''),
    at: 's_t',
    intel: 'unexpected token: }',
    accepted: withStruct('int n;'),
  },
  'edl-reserved-word': {
    refused: call('int from'),
    at: 'from',
    intel: 'unexpected token: from',
    accepted: call('int from_'),
  },
  'edl-duplicate-parameter': {
    refused: call('int n, int n'),
    at: 'n',
    accepted: call('int n, int m'),
  },
  'edl-duplicate-type': {
    refused: `struct s_t { int n; };\n    ${withStruct('int m;')}`,
    at: 's_t',
    oe: 'Duplicate type definition detected for s_t',
    intel: "duplicated structure definition `s_t'",
    accepted: `struct r_t { int n; };\n    ${withStruct('int m;')}`,
  },
  'edl-second-anonymous-enum': {
    refused: `enum { RED };\n    enum { BIG };\n    ${call('')}`,
    at: 'enum { BIG };',
    oe: 'Duplicate type definition detected for ',
    accepted: `enum { RED };\n    enum size_t_ { BIG };\n    ${call('')}`,
  },
  'edl-recursive-type': {
    refused: withStruct('struct s_t next;'),
    at: 'next',
    accepted: withStruct('struct s_t* next;'),
  },
  'edl-duplicate-member': {
    refused: withStruct('int n; int n;'),
    at: 'n',
    accepted: withStruct('int n; int m;'),
  },
  'edl-duplicate-enumerator': {
    refused: `enum a_t { RED };\n    enum b_t { RED };\n    ${call('')}`,
    at: 'RED',
    accepted: `enum a_t { RED };\n    enum b_t { BLUE };\n    ${call('')}`,
  },
  'edl-enum-range': {
    refused: `enum a_t { RED = 4294967295, BLUE };\n    ${call('')}`,
    at: 'BLUE',
    accepted: `enum a_t { RED = 4294967294, BLUE };\n    ${call('')}`,
  },
  'edl-deep-structure-by-value': {
    refused: withStruct('[count=8] int* p;', 'struct s_t s'),
    at: 'struct s_t',
    oe: "the structure declaration `s_t' specifies a deep copy is expected. Referenced by value in function `f' detected.",
    intel:
      'the structure declaration "s_t" specifies a deep copy is expected. Referenced by value in function "f" detected.',
    accepted: withStruct('[count=8] int* p;', '[in] struct s_t* s'),
  },
  'edl-deep-structure-out': {
    refused: withStruct('[count=8] int* p;', '[out] struct s_t* s'),
    at: 's',
    intel:
      'the structure declaration "s_t" specifies a deep copy, should not be used with an `out\' attribute in function "f".',
    accepted: withStruct('[count=8] int* p;', '[in, out] struct s_t* s'),
  },
  'edl-deep-structure-by-name': {
    refused: withStruct('[count=8] int* p;', '[in] s_t* s'),
    at: 's_t*',
    intel: "`s_t' in function `f' is a structure and it specifies a deep copy. Use `struct s_t' instead.",
    accepted: withStruct('[count=8] int* p;', '[in] struct s_t* s'),
  },
  'edl-unsupported-allow': {
    refused: `${call('')}\n    untrusted { void o() allow(f); };`,
    at: 'allow(f)',
    oe: "Function `o': the `allow' syntax is currently unsupported. Ignored [-Wunsupported-allow].",
    accepted: `${call('')}\n    untrusted { void o(); };`,
  },
  'edl-non-portable-type': {
    refused: call('unsigned long n'),
    at: 'unsigned long',
    oe: "warning: Function `f': `unsigned long' has different sizes on Windows and Linux. This enclave cannot be built in Linux and then safely loaded in Windows [-Wnon-portable-type].",
    accepted: call('uint64_t n'),
  },
  'edl-return-pointer': {
    refused: 'trusted { public int* f(); };',
    at: 'int*',
    oe: "Function `f': The function returns a pointer, which could expose memory addresses across the host-enclave boundary. Consider passing the pointer as an out parameter instead [-Wreturn-ptr].",
    accepted: call('[out] int* p'),
  },
  'edl-pointer-in-struct': {
    refused: withStruct('int* p;'),
    at: 'p',
    oe: "struct `s_t': The member `p' is a pointer that is not serializable. Consider annotating the member with the `count' or `size' attribute [-Wptr-in-struct].",
    accepted: withStruct('[count=1] int* p;'),
  },
  'edl-pointer-in-function': {
    refused: call('int* p'),
    at: 'p',
    oe: "Function `f': `p' is a pointer that is not serializable. Consider annotating the parameter with the direction annotation [-Wptr-in-function].",
    accepted: call('[in] int* p'),
  },
  'edl-foreign-type-pointer': {
    refused: call('[in] record_t* p'),
    at: 'p',
    oe: "Function `f': `p' is a pointer of a foreign type `record_t' that may not be serializable. Consider defining the type in the EDL file with proper annotations [-Wforeign-type-ptr].",
    accepted: call('[in] int* p'),
  },
  'edl-signed-size': {
    refused: call('[in, size=n] int* p, int n'),
    at: 'n',
    oe: "Function `f': The size or count parameter `n' should not be signed [-Wsigned-size-or-count].",
    accepted: call('[in, size=n] int* p, size_t n'),
  },
  'edl-unused-private-ecall': {
    refused: 'trusted { public void f(); void g(); };',
    at: 'g',
    intel: "warning: private ECALL `g' is not used by any OCALL",
    accepted: 'trusted { public void f(); void g(); };\n    untrusted { void o() allow(g); };',
  },
  'edl-partial-copy': {
    refused: withStruct('int* p;', 'struct s_t s'),
    at: 's',
    intel: 'warning: the structure "s_t" is referenced by value in function "f". Part of the data may not be copied.',
    accepted: withStruct('int n;', 'struct s_t s'),
  },
  'edl-deep-member-by-value': {
    refused: `struct r_t { [count=8] int* p; };\n    ${withStruct('struct r_t r;')}`,
    at: 'r',
    accepted: `struct r_t { [count=8] int* p; };\n    ${withStruct('[count=1] struct r_t* r;')}`,
  },
  'edl-structure-by-name': {
    refused: withStruct('int n;', 's_t s'),
    at: 's_t',
    intel: "warning: `s_t' in function `f' is a structure. Use `struct s_t' instead.",
    accepted: withStruct('int n;', 'struct s_t s'),
  },
  'edl-file-name': {
    name: 'my-enclave.edl',
    refused: call(''),
    at: 'enclave',
    intel: "warning: my-enclave.edl: file short name `my-enclave' is not a valid C identifier",
    accepted: call(''),
  },
  'edl-function-order': {
    refused: `from "b.edl" import h, g;\n    ${call('')}`,
    at: 'from "b.edl" import h, g;',
    accepted: `from "b.edl" import g, h;\n    ${call('')}`,
    files: { 'b.edl': 'enclave { trusted { public void g(); public void h(); }; };\n' },
  },
  'edl-deep-copy-depth': {
    refused: `struct r_t { [count=8] int* p; };\n    ${withStruct('[count=1] struct r_t* r;', '[in] struct s_t* s')}`,
    at: 'r',
    accepted: `struct r_t { int n; };\n    ${withStruct('[count=1] struct r_t* r;', '[in] struct s_t* s')}`,
  },
  'edl-mixed-dialects': {
    refused: 'trusted { void f(bool b); public void g([in] int p[N]); };',
    at: 'f',
    oe: "Function `f': `private' specifier is not supported by oeedger8r",
    intel: 'unexpected token: N',
    accepted: 'trusted { public void f(bool b); public void g([in] int p[N]); };',
  },
};
