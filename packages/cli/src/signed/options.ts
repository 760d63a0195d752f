import { codeOptions, compileOptions } from '../interfaces/options.ts';

/** Options of `enclos run` for a signed enclave of another SDK. */
export const signedOptions = {
  sgx: {
    type: 'string',
    value: 'FILE',
    summary: 'Run this signed enclave of Intel’s SGX SDK or of Open Enclave, instead of a project',
  },
  edl: { type: 'string', value: 'FILE', extensions: ['edl'], summary: 'With --sgx: its interface' },
  signature: {
    type: 'string',
    value: 'FILE',
    extensions: ['sig'],
    summary: 'With --sgx and the SGXS stream of a program of Fortanix EDP: its SIGSTRUCT',
  },
  ocalls: {
    type: 'string',
    value: 'FILE',
    extensions: ['ts', 'mts', 'js', 'mjs'],
    summary: 'With --sgx: a module that exports a function for each OCALL, by name',
  },
  call: {
    type: 'string',
    value: 'NAME JSON',
    multiple: true,
    summary: 'With --sgx: an ECALL to make, with its values, as \'add {"a": 20, "b": 22}\'; several are made in turn',
  },
  dialect: compileOptions.dialect,
  'search-path': compileOptions['search-path'],
  define: compileOptions.define,
  ...codeOptions,
} as const;

/** What the options say, besides those of every run. */
export interface SignedInput {
  readonly sgx: string | undefined;
  readonly edl: string | undefined;
  readonly signature: string | undefined;
  readonly ocalls: string | undefined;
  readonly call: readonly string[];
  readonly dialect: 'oe' | 'intel' | 'both';
  readonly 'search-path': readonly string[];
  readonly define: readonly string[];
  readonly foreign: string | undefined;
  readonly 'allow-user-check': readonly string[];
}
