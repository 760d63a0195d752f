import type { Rule } from '../findings/rule.ts';

const both = ['oe', 'intel'] as const;
const onlyOe = ['oe'] as const;
const onlyIntel = ['intel'] as const;

/** Rules of functions: who may call them, what is imported, what only one dialect has. */
export const functionRules = {
  privateEcall: {
    code: 'edl-private-ecall',
    dialects: onlyOe,
    text: (name) => `Open Enclave has only public trusted functions, and "${name}" is not public.`,
    oe: (name) => `Function \`${name}': \`private' specifier is not supported by oeedger8r`,
    hint: (name) => `public, before the type that ${name} returns`,
  },
  noPublicEcall: {
    code: 'edl-no-public-ecall',
    dialects: onlyIntel,
    text: (name) => `No trusted function of the enclave "${name}" is public, so nothing can be called first.`,
    intel: (name) => `the enclave \`${name}' contains no public root ECALL.`,
    hint: () => 'public, before a trusted function that the host may call at any time',
  },
  unknownAllowed: {
    code: 'edl-allow-unknown',
    dialects: onlyIntel,
    text: (owner, name) => `"${owner}" allows "${name}", which is not a trusted function.`,
    intel: (owner, name) => `"${owner}" declared to allow unknown function "${name}".`,
  },
  trustedAllow: {
    code: 'edl-allow-of-trusted',
    dialects: both,
    text: (name) => `"allow" is for untrusted functions, and "${name}" is trusted.`,
    oe: () => "the `allow' syntax is invalid for a trusted function (ECALL).",
    intel: () => 'unexpected token: allow',
    hint: (name) => `allow(${name}), after the untrusted function during which it may be called`,
  },
  duplicateFunction: {
    code: 'edl-duplicate-function',
    dialects: both,
    text: (name) => `Two functions have the name "${name}".`,
    oe: (name) => `Duplicate function definition detected for ${name}`,
    intel: (name) => `Multiple definition of function "${name}" detected.`,
    hint: () => 'another name, or an import of the functions that are needed',
  },
  missingImport: {
    code: 'edl-import-unknown-function',
    dialects: both,
    text: (name, file) => `"${file}" has no function "${name}" to import.`,
    oe: (name) => `function ${name} not found in imported edl.`,
    intel: (name) => `import failed - functions \`${name}' not found`,
  },
  tooManyImported: {
    code: 'edl-imports-too-large',
    dialects: both,
    text: () => 'The imports of this file and of those that it imports ask for the same functions too often.',
    hint: () => 'one import of each file',
  },
  unknownFunctionAttribute: {
    code: 'edl-unknown-function-attribute',
    dialects: both,
    text: (name) => `A function has no attribute "${name}".`,
    oe: () => 'expecting typename, got [',
    intel: (name) => `invalid function attribute: ${name}`,
    hint: () => 'cdecl, stdcall, fastcall, or dllimport',
  },
  secondConvention: {
    code: 'edl-calling-conventions',
    dialects: both,
    text: (name, first) => `The function has the calling conventions "${first}" and "${name}".`,
    oe: () => 'expecting typename, got [',
    intel: (name, first) => `unexpected \`${name}',  conflict with \`${first.toUpperCase()}'.`,
    hint: (_name, first) => first,
  },
  duplicateFunctionAttribute: {
    code: 'edl-duplicate-function-attribute',
    dialects: both,
    text: (name) => `The attribute "${name}" stands here twice.`,
    oe: () => 'expecting typename, got [',
    intel: (name) => `duplicated attribute: \`${name}'`,
  },
  twiceParameter: {
    code: 'edl-duplicate-parameter',
    dialects: both,
    text: (name) => `Two parameters have the name "${name}".`,
  },
} as const satisfies Readonly<Record<string, Rule>>;
