/**
 * What a bundle gets as `node:tls`: TLS over a stream that it has, and nothing
 * that could open one. Like the functions of loader-authority.ts it is turned
 * into text on its own, and must not refer to anything outside itself.
 *
 * The sockets and handles behind TLS live in the bundle's realm, so they lose
 * what has authority, as those of the gate do. And TLSSocket hands what it is
 * given to native code, which believes it: that step checks its arguments by
 * the natives' own methods, which work on nothing but the real thing.
 */
export function pureTls(require: NodeJS.Require): object {
  const tls = require('node:tls') as typeof import('node:tls');
  const { Duplex } = require('node:stream') as typeof import('node:stream');
  const { isProxy } = (require('node:util') as typeof import('node:util')).types;
  const { apply, defineProperty, deleteProperty, get, getOwnPropertyDescriptor, getPrototypeOf } = Reflect;
  const { TLSSocket, createSecureContext } = tls;

  const strip = (object: object, names: string): void => {
    for (const name of names.split(' ')) {
      if (!deleteProperty(object, name)) throw new Error(`The interpreter keeps ${name} of TLS.`);
    }
  };
  const chain = function* (object: object): Generator<object> {
    for (let at = getPrototypeOf(object); at !== null && at !== Object.prototype; at = getPrototypeOf(at)) yield at;
  };
  const reach = (object: object, ...path: readonly string[]): object =>
    path.reduce<object>((at, name) => get(at, name) as object, object);

  // One of each kind. Without roots: to read those takes longer than all the rest.
  const secureContext = createSecureContext({ ca: [] });
  const nowhere = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() });
  const secured = new TLSSocket(nowhere, { isServer: true, secureContext });
  const unconnected = new TLSSocket(undefined as unknown as typeof nowhere, { isServer: true, secureContext });
  const handle = reach(secured, '_handle', '_parent');
  const tcp = reach(unconnected, '_handle', '_parent');
  const context = reach(secureContext, 'context');

  const handlesOnly = 'open bind bind6 listen connect connect6 constructor';
  for (const native of [reach(secured, '_handle'), handle, tcp]) {
    for (const prototype of chain(native)) strip(prototype, handlesOnly);
  }
  // Both load a shared library.
  for (const prototype of chain(context)) strip(prototype, 'setEngineKey setClientCertEngine constructor');
  const between = getPrototypeOf(reach(secured, '_handle', '_parentWrap'));
  if (between !== null) strip(between, 'constructor');
  // Nothing but the way to net.Socket.
  Object.setPrototypeOf(TLSSocket, Function.prototype);

  const readBytes = getOwnPropertyDescriptor(getPrototypeOf(handle) ?? {}, 'bytesRead')?.get;
  const minimum = get(context, 'getMinProto') as unknown;
  const original = get(TLSSocket.prototype, '_wrapHandle') as unknown;
  if (readBytes === undefined || typeof minimum !== 'function' || typeof original !== 'function') {
    throw new Error('The interpreter has another TLS than the one that is known.');
  }
  const wrapHandle = function (this: object, wrap: unknown, given: unknown, isWriting: unknown): unknown {
    if (given === undefined || given === null) throw new Error('An enclave has no sockets: give TLS a stream.');
    apply(readBytes, given, []);
    const options = get(this, '_tlsOptions') as Record<string, unknown>;
    const made = (options['secureContext'] ?? options['credentials'] ?? createSecureContext(options)) as object;
    const native = get(made, 'context') as unknown;
    apply(minimum, native, []);
    // What was checked is what is used: nothing that runs in between can change it.
    const checked = Object.freeze({ ...options, secureContext: Object.freeze({ context: native }) });
    const kept =
      !isProxy(this) && defineProperty(this, '_tlsOptions', { value: checked, writable: false, configurable: false });
    if (!kept) throw new TypeError('This is not a new TLS socket.');
    return apply(original, this, [wrap, given, isWriting === true]);
  };
  const guarded = defineProperty(TLSSocket.prototype, '_wrapHandle', {
    value: wrapHandle,
    writable: false,
    configurable: false,
  });
  if (!guarded) throw new Error('The interpreter keeps _wrapHandle of TLS.');
  secured.destroy();
  unconnected.destroy();

  const { connect, checkServerIdentity, getCiphers } = tls;
  const { DEFAULT_CIPHERS, DEFAULT_ECDH_CURVE, DEFAULT_MAX_VERSION, DEFAULT_MIN_VERSION } = tls;
  return Object.freeze({
    TLSSocket,
    connect,
    createSecureContext,
    checkServerIdentity,
    getCiphers,
    DEFAULT_CIPHERS,
    DEFAULT_ECDH_CURVE,
    DEFAULT_MAX_VERSION,
    DEFAULT_MIN_VERSION,
  });
}
