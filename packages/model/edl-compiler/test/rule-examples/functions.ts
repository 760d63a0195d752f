import { call, type RuleExample } from './example.ts';

export const functionExamples: Readonly<Record<string, RuleExample>> = {
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
  'edl-unknown-function-attribute': {
    refused: `${call('')}\n    untrusted { [pascal] void o(); };`,
    at: 'pascal',
    also: ['edl-function-attributes'],
    oe: 'expecting typename, got [',
    intel: 'invalid function attribute: pascal',
    accepted: `${call('')}\n    untrusted { void o(); };`,
  },
  'edl-calling-conventions': {
    refused: `${call('')}\n    untrusted { [cdecl, stdcall] void o(); };`,
    at: 'cdecl',
    also: ['edl-function-attributes'],
    oe: 'expecting typename, got [',
    intel: "unexpected `cdecl',  conflict with `STDCALL'.",
    accepted: `${call('')}\n    untrusted { [cdecl] void o(); };`,
  },
  'edl-duplicate-function-attribute': {
    refused: `${call('')}\n    untrusted { [dllimport, dllimport] void o(); };`,
    at: 'dllimport',
    also: ['edl-function-attributes'],
    oe: 'expecting typename, got [',
    intel: "duplicated attribute: `dllimport'",
    accepted: `${call('')}\n    untrusted { [dllimport] void o(); };`,
  },
  'edl-duplicate-parameter': {
    refused: call('int n, int n'),
    at: 'n',
    accepted: call('int n, int m'),
  },
};
