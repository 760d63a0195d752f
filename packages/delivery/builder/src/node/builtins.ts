import { allowedBuiltins } from '@enclos/manifest';

import { environment, threads, untrusted } from './script/advice.ts';

const files =
  'the embedded files, trusted files and mounts of @enclos/enclave; declare them in `files`, `trustedFiles` or `mounts` of enclave.json';
const streams =
  'a port declared in `listen` or a destination declared in `connect` of enclave.json, through @enclos/enclave';
const evaluation = 'code that is bundled: an enclave runs the measured code and no other';
const debugging = 'a build with "debug": true, or tests that run the module outside an enclave';
const storage = 'seal() of @enclos/enclave, with the sealed bytes kept by the host';
const clocks = 'the global `performance`, remembering that the host controls the clock';
const console_ = 'the global `console`, which the runtime sends to the host';

/**
 * What to use in place of each module that has authority, by its name without
 * `node:`. The list is fixed here, not `builtinModules` of the Node that runs the build:
 * the same sources must pass or fail on every machine.
 */
export const forbiddenBuiltins: Readonly<Record<string, string>> = Object.freeze({
  child_process: untrusted,
  cluster: threads,
  console: console_,
  constants: 'the constants of the allowed module, such as `constants` of node:crypto',
  dgram: untrusted,
  diagnostics_channel: 'node:events',
  dns: 'a host name declared in `connect` of enclave.json; the host resolves it, so treat the address as untrusted',
  domain: 'async functions with try and catch',
  ffi: 'code compiled to WebAssembly',
  fs: files,
  http: streams,
  http2: streams,
  https: streams,
  inspector: debugging,
  module: evaluation,
  net: streams,
  os: environment,
  perf_hooks: clocks,
  process: environment,
  punycode: 'the global `URL`, or the npm package under its folder name "punycode/"',
  readline: untrusted,
  repl: untrusted,
  sea: 'a file declared in `files` of enclave.json',
  sqlite: storage,
  sys: 'node:util, its newer name',
  test: debugging,
  trace_events: debugging,
  tty: untrusted,
  v8: 'structuredClone() to copy values; the heap cannot be inspected from inside',
  vm: evaluation,
  wasi: 'the global `WebAssembly`, with imports that you write',
  worker_threads: threads,
});

/** Modules that Node serves only under `node:`; without it the name is an npm package. */
const onlyWithPrefix: ReadonlySet<string> = new Set(['ffi', 'sea', 'sqlite', 'test']);
/** Subpaths that Node itself serves; `fs/lib/x.js` would be a file of a package, as is "punycode/". */
const forbiddenSubpaths = ['dns/promises', 'fs/promises', 'inspector/promises', 'path/win32', 'readline/promises'];
const internalModule = /^_(?:http|stream|tls)_\w+$/;

const allowed: ReadonlySet<string> = new Set(allowedBuiltins);
const forbiddenBare: ReadonlySet<string> = new Set([
  ...Object.keys(forbiddenBuiltins).filter((name) => !onlyWithPrefix.has(name)),
  ...forbiddenSubpaths,
]);

export type BuiltinVerdict =
  | { readonly kind: 'package' }
  | { readonly kind: 'allowed'; readonly specifier: string }
  | { readonly kind: 'forbidden'; readonly name: string; readonly suggestion: string };

/** Tells what an import specifier means to Node, and whether an enclave may import it. */
export function judgeBuiltin(specifier: string): BuiltinVerdict {
  const prefixed = specifier.startsWith('node:');
  const name = prefixed ? specifier.slice('node:'.length) : specifier;
  if (allowed.has(name)) return { kind: 'allowed', specifier: `node:${name}` };
  if (!prefixed && !forbiddenBare.has(name) && !internalModule.test(name)) return { kind: 'package' };
  const [root = ''] = name.split('/', 1);
  const suggestion = Object.hasOwn(forbiddenBuiltins, root) ? forbiddenBuiltins[root] : undefined;
  return { kind: 'forbidden', name, suggestion: suggestion ?? 'an allowed module, or an untrusted function' };
}
