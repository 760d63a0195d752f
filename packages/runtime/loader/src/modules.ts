/**
 * The interpreter's own modules. Most of them load on first use, and would then run among whatever a hostile bundle has
 * planted. So the modules that an honest bundle needs load now, and none loads later. Like the functions of authority.ts
 * these are turned into text on their own, and must not refer to anything outside themselves.
 */

/** The internals that `--expose-internals` gives to the loader. */
export interface Internals {
  /** The interpreter's native code, by the name of a part. */
  readonly internalBinding: (name: string) => object;
  /** The class of the interpreter's modules. */
  readonly BuiltinModule: {
    readonly map: ReadonlyMap<string, { readonly loaded: boolean; readonly exports: unknown }>;
    readonly prototype: object;
  };
}

export function openInternals(require: NodeJS.Require): Internals {
  const { internalBinding } = require('internal/test/binding') as Pick<Internals, 'internalBinding'>;
  const { defineLazyProperties } = require('internal/util') as {
    readonly defineLazyProperties: (target: object, module: string, names: readonly string[]) => void;
  };
  // The flag does not expose this module to `require`. This function of the interpreter loads any module for its caller.
  const realm: object = {};
  defineLazyProperties(realm, 'internal/bootstrap/realm', ['BuiltinModule']);
  const BuiltinModule: unknown = Reflect.get(realm, 'BuiltinModule');
  if (typeof BuiltinModule !== 'function') throw new Error('The interpreter loads its modules in another way.');
  // A class whose static member and prototype the caller checks by using them.
  return { internalBinding, BuiltinModule: BuiltinModule as unknown as Internals['BuiltinModule'] };
}

/**
 * Loads the modules that an honest bundle would load late, but only those that its text names: modules take time and memory. A
 * bundle that uses a module without naming it fails at that point, and reaches nothing.
 *
 * @returns whether the classes of an HTTP client are there.
 */
export function preload(require: NodeJS.Require, script: string): boolean {
  const quote = require('internal/errors/error_source') as { getErrorSourceExpression: () => undefined };
  // It would quote a line of the bundle's text in a failed assertion, and load a JavaScript parser for that.
  quote.getErrorSourceExpression = () => undefined;
  const names = (pattern: RegExp): boolean => pattern.test(script);
  const load = (isNamed: boolean, ...modules: readonly string[]): void => {
    if (isNamed) for (const name of modules) require(name);
  };
  load(true, 'internal/events/symbols');
  load(names(/\.table\b/), 'internal/cli_table');
  load(names(/deepEqual|DeepEqual|deepStrictEqual|DeepStrictEqual/), 'internal/util/comparisons');
  load(names(/\bdiff\b/), 'internal/util/diff');
  load(names(/\bparseArgs\b/), 'internal/util/parse_args/parse_args');
  load(names(/Duplex|compose|toWeb|fromWeb/), 'internal/streams/duplexify');
  load(names(/node:tls|toLegacyObject/), 'node:tls');
  const hasCryptoOfTheWeb = names(/subtle|webcrypto|CryptoKey/);
  load(hasCryptoOfTheWeb || names(/getRandomValues/), 'internal/crypto/webidl');
  // Names of algorithms do not depend on letter case (Web Cryptography API, section 18.4.4).
  const algorithms = {
    aes: /aes/i,
    cfrg: /25519|448/,
    chacha20_poly1305: /chacha20/i,
    ec: /ecdsa|ecdh/i,
    mac: /hmac|kmac/i,
    ml_dsa: /ml-dsa/i,
    ml_kem: /ml-kem/i,
    rsa: /rsa/i,
  };
  for (const [name, pattern] of Object.entries(algorithms)) {
    load(hasCryptoOfTheWeb && names(pattern), `internal/crypto/${name}`);
  }
  // Reading one of these globals loads its module. An HTTP client comes with some, which takes 20 ms.
  const read = (...globals: readonly string[]): boolean => {
    const isNamed = globals.some((name) => script.includes(name));
    if (isNamed) for (const name of globals) Reflect.get(globalThis, name);
    return isNamed;
  };
  read('crypto', 'Crypto', 'CryptoKey', 'SubtleCrypto');
  read('performance');
  read('Blob', 'File');
  return read('Headers', 'Request', 'Response', 'FormData');
}

/** From here on no further module loads, whatever asks for it. */
export function closeModules(require: NodeJS.Require, { BuiltinModule }: Internals): void {
  const Module = require('node:module') as typeof import('node:module');
  const refused = (): never => {
    throw new Error('An enclave loads no more modules.');
  };
  const compile = function (this: {
    readonly id: string;
    readonly loaded: boolean;
    readonly exports: unknown;
  }): unknown {
    if (this.loaded) return this.exports;
    throw new Error(`An enclave loads no more modules, and its bundle does not name what needs ${this.id}.`);
  };
  const fixed = { writable: false, configurable: false };
  for (const name of ['compileForPublicLoader', 'getESMFacade', 'syncExports', 'compileForInternalLoader']) {
    const value = name === 'compileForInternalLoader' ? compile : refused;
    if (typeof Reflect.get(BuiltinModule.prototype, name) !== 'function') {
      throw new Error('The interpreter loads its modules in another way.');
    }
    Object.defineProperty(BuiltinModule.prototype, name, { value, ...fixed });
  }
  for (const [on, name] of [
    [Module, '_load'],
    [Module, '_extensions'],
    [Module, 'createRequire'],
    [Module.prototype, 'require'],
    [Module.prototype, 'load'],
    [Module.prototype, '_compile'],
  ] as const) {
    Object.defineProperty(on, name, { value: refused, ...fixed });
  }
}
