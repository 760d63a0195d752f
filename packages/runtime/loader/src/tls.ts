/**
 * The `node:tls` of a bundle: TLS over a stream that it already has, and nothing that could open one. Like the functions of
 * authority.ts these are turned into text on their own, and must not refer to anything outside themselves.
 */

/** Methods that only a genuine handle has: applied to anything else they throw. */
interface Natives {
  /** A method of the handle of a stream that is not a socket. */
  readonly readBytes: () => unknown;
  /** A method of a secure context. */
  readonly minimumVersion: () => unknown;
}

/** The sockets and handles under TLS live in the bundle's realm: they lose their authority, as those of the gate do. */
export function stripTls(require: NodeJS.Require): Natives {
  const { createSecureContext, TLSSocket } = require('node:tls') as typeof import('node:tls');
  const { Duplex } = require('node:stream') as typeof import('node:stream');
  const { deleteProperty, get, getOwnPropertyDescriptor, getPrototypeOf } = Reflect;

  const reach = (object: object, ...path: readonly string[]): object =>
    path.reduce<object>((at, name) => get(at, name) as object, object);
  /** Strips every prototype up to Object's. */
  const strip = (object: object, names: string): void => {
    for (let at = getPrototypeOf(object); at !== null && at !== Object.prototype; at = getPrototypeOf(at)) {
      for (const name of names.split(' ')) {
        if (!deleteProperty(at, name)) throw new Error(`The interpreter keeps ${name} of TLS.`);
      }
    }
  };

  // One object of each kind. Without roots, because reading those takes longer than all the rest.
  const options = { isServer: true, secureContext: createSecureContext({ ca: [] }) };
  const nowhere = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() });
  const secured = new TLSSocket(nowhere, options);
  const unconnected = new TLSSocket(undefined as unknown as typeof nowhere, options);
  const handle = reach(secured, '_handle', '_parent');
  const context = reach(options.secureContext, 'context');
  for (const native of [reach(secured, '_handle'), handle, reach(unconnected, '_handle', '_parent')]) {
    strip(native, 'open bind bind6 listen connect connect6 useUserBuffer constructor');
  }
  const readBytes = getOwnPropertyDescriptor(getPrototypeOf(handle) ?? {}, 'bytesRead')?.get;
  const minimumVersion = get(context, 'getMinProto') as unknown;
  // Both load a shared library.
  strip(context, 'setEngineKey setClientCertEngine constructor');
  const between = getPrototypeOf(reach(secured, '_handle', '_parentWrap')) ?? {};
  if (!deleteProperty(between, 'constructor')) throw new Error('The interpreter keeps constructor of TLS.');
  // It leads only to net.Socket.
  Object.setPrototypeOf(TLSSocket, Function.prototype);
  secured.destroy();
  unconnected.destroy();
  if (readBytes === undefined || typeof minimumVersion !== 'function') {
    throw new Error('The interpreter has another TLS than the one that is known.');
  }
  return { readBytes, minimumVersion: minimumVersion as () => unknown };
}

/**
 * The module. TLSSocket hands its arguments to native code, which trusts them. That step now checks its arguments with the
 * natives' own methods, and uses exactly what was checked, whatever else runs meanwhile.
 */
export function pureTls(
  require: NodeJS.Require,
  { readBytes, minimumVersion }: Natives,
  isPassed?: (handle: unknown) => boolean,
): object {
  const tls = require('node:tls') as typeof import('node:tls');
  const { isProxy } = (require('node:util') as typeof import('node:util')).types;
  const { apply, defineProperty, get } = Reflect;
  const { TLSSocket, connect, createSecureContext, checkServerIdentity, getCiphers } = tls;
  const original = get(TLSSocket.prototype, '_wrapHandle') as unknown;
  if (typeof original !== 'function') throw new Error('The interpreter has another TLS than the one that is known.');
  const fixed = { writable: false, configurable: false };

  const wrapHandle = function (this: object, wrap: unknown, handle: unknown, isWriting: unknown): unknown {
    if (handle === undefined || handle === null) throw new Error('An enclave opens no sockets: give TLS a stream.');
    // A socket that was passed is known by its identity: its class is that of every pipe too, and the gate is a pipe.
    if (isPassed?.(handle) !== true) apply(readBytes, handle, []);
    const options = get(this, '_tlsOptions') as Record<string, unknown>;
    const given = options['secureContext'] ?? options['credentials'] ?? createSecureContext(options);
    const context = get(given, 'context') as unknown;
    apply(minimumVersion, context, []);
    const checked = Object.freeze({ ...options, secureContext: Object.freeze({ context }) });
    const kept = !isProxy(this) && defineProperty(this, '_tlsOptions', { value: checked, ...fixed });
    if (!kept) throw new TypeError('This is not a new TLS socket.');
    return apply(original, this, [wrap, handle, isWriting === true]);
  };
  if (!defineProperty(TLSSocket.prototype, '_wrapHandle', { value: wrapHandle, ...fixed })) {
    throw new Error('The interpreter keeps _wrapHandle of TLS.');
  }
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
