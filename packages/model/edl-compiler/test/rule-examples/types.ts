import { call, withStruct, type RuleExample } from './example.ts';

export const typeExamples: Readonly<Record<string, RuleExample>> = {
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
    refused: `enum a_t { RED = 9007199254740991, BLUE };\n    ${call('')}`,
    at: 'BLUE',
    accepted: `enum a_t { RED = 9007199254740990, BLUE };\n    ${call('')}`,
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
  'edl-floating-size': {
    refused: call('[in, count=n] int* p, double n'),
    at: 'n',
    accepted: call('[in, count=n] int* p, size_t n'),
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
