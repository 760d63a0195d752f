import { once } from 'node:events';
import { Duplex } from 'node:stream';
import { connect, createSecureContext, TLSSocket } from 'node:tls';
import { createGzip } from 'node:zlib';
import { createTlsIdentity } from '@enclos/enclave';
import { call, capabilities, construct, member, objectOf, type Attempts } from '../stolen.ts';
import { authorityOf } from './sockets.ts';

/** Ways from TLS, which the loader gives, to a socket, which it does not, and to native code that believes what it is given. */

const somewhere = { host: '127.0.0.1', port: 1 };
const secureContext = createSecureContext({ ca: [] });
const options = { isServer: true, secureContext };

function silent(): Duplex {
  return new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() });
}

function secured(): TLSSocket {
  const socket = new TLSSocket(silent(), options);
  socket.on('error', () => undefined);
  return socket;
}

type Paths = readonly (readonly [string, unknown])[];

/** Everything behind a TLS socket: its handle, the stream's handle, and the sockets around both. */
function behind(socket: TLSSocket = secured()): Paths {
  const paths = [[], ['_handle'], ['_handle', '_parent'], ['_handle', '_parentWrap'], ['ssl'], ['_parent']];
  return paths.map((path) => [path.join('.'), member(socket, ...path)]);
}

/** The class of a socket or handle that one of these was made by, or inherits from. */
function nativeClassIn(paths: Paths): string | undefined {
  for (const [path, object] of paths) {
    for (let at = object; at !== null && at !== undefined; at = Reflect.getPrototypeOf(objectOf(at))) {
      const name: unknown = member(Object.getOwnPropertyDescriptor(at, 'constructor')?.value, 'name');
      if (typeof name === 'string' && /^(?:Socket|JSStream|JSStreamSocket|TLSWrap|TCP|Pipe|\w*Wrap)$/.test(name)) {
        return `${path}: ${name}`;
      }
    }
  }
  return undefined;
}

/** Of a server that asked its client for a certificate and got one: the socket, the certificate, and what holds it. */
async function behindCertificate(): Promise<Paths> {
  const identity = createTlsIdentity('hostile.test');
  const end = (other: () => Duplex): Duplex =>
    new Duplex({
      read() {},
      write(chunk, _encoding, done) {
        other().push(chunk);
        done();
      },
    });
  const inside: Duplex = end(() => outside);
  const outside: Duplex = end(() => inside);
  const context = createSecureContext(identity);
  const server = new TLSSocket(inside, {
    isServer: true,
    secureContext: context,
    requestCert: true,
    rejectUnauthorized: false,
  });
  const client = connect({ socket: outside, rejectUnauthorized: false, ...identity });
  for (const socket of [server, client]) socket.on('error', () => undefined);
  await once(server, 'secure');
  const certificate = server.getPeerX509Certificate();
  // Otherwise the attempts would show nothing, and this is no refusal that they expect.
  if (certificate === undefined) throw new Error('The client showed no certificate.');
  const held = Reflect.ownKeys(certificate).map((key) => [String(key), member(certificate, key)] as const);
  return [...behind(server), ['certificate', certificate], ...held];
}

/** What the natives would take the argument for, were it not checked. */
function wrapped(handle: unknown, context: unknown = member(secureContext, 'context')): unknown {
  const target = { _tlsOptions: { isServer: true, secureContext: { context } }, on() {}, listenerCount: () => 1 };
  return call(member(TLSSocket.prototype, '_wrapHandle'), target, null, handle, false);
}

const handleOf = (stream: unknown): unknown => member(stream, '_handle', '_parent');

export const tlsAttempts: Attempts = {
  'a TLS socket without a stream': () => construct(TLSSocket, undefined, options),
  'a TLS socket without a stream, for a Unix socket': () => construct(TLSSocket, undefined, { ...options, pipe: true }),
  'TLS to an address': () => connect(somewhere),
  'TLS to a Unix socket': () => connect({ path: '/run/any.sock' }),
  'connect of a TLS socket': () => call(member(secured(), 'connect'), secured(), somewhere),
  'the class behind TLSSocket': () =>
    Reflect.getPrototypeOf(TLSSocket) === Function.prototype ? undefined : 'another class',
  'a socket of the class behind TLSSocket': () => construct(Reflect.getPrototypeOf(TLSSocket), { fd: 3 }),
  'a TLS socket with a descriptor': () =>
    authorityOf(construct(TLSSocket, silent(), { ...options, fd: 3, handle: {} })),
  'TLS over the gate itself': () => construct(TLSSocket, capabilities().gate, options),
  'members behind a TLS socket': () =>
    behind()
      .map(([path, object]) => [path, authorityOf(object)] as const)
      .find(([, found]) => found !== undefined)
      ?.join(': '),
  'constructors behind a TLS socket': () => nativeClassIn(behind()),
  'members behind the certificate of a client': async () =>
    (await behindCertificate())
      .map(([path, object]) => [path, authorityOf(object)] as const)
      .find(([, found]) => found !== undefined)
      ?.join(': '),
  'constructors behind the certificate of a client': async () => nativeClassIn(await behindCertificate()),
  'a listening TLS server': () =>
    member(secured(), 'server') ?? member(TLSSocket, 'Server') ?? member(TLSSocket, 'createServer'),
  'an engine for the private key': () =>
    createSecureContext({ privateKeyEngine: '/tmp/engine.so', privateKeyIdentifier: 'a' }),
  'an engine for the client certificate': () => createSecureContext({ clientCertEngine: '/tmp/engine.so' }),
  'the natives that load an engine': () =>
    member(secureContext, 'context', 'setEngineKey') ?? member(secureContext, 'context', 'setClientCertEngine'),
  'a handle that is none': () => wrapped({ isStreamBase: true }),
  'a handle by its prototype': () => wrapped(Object.create(Reflect.getPrototypeOf(objectOf(handleOf(secured()))))),
  'a handle behind a proxy': () => wrapped(new Proxy(objectOf(handleOf(secured())), {})),
  'a handle of another kind': () =>
    wrapped(Object.assign(objectOf(member(createGzip(), '_handle')), { isStreamBase: true })),
  'the handle of the gate': () => wrapped(member(capabilities().gate, '_handle')),
  'a context that is none': () => wrapped(handleOf(secured()), {}),
  'a context by its prototype': () =>
    wrapped(handleOf(secured()), Object.create(Reflect.getPrototypeOf(objectOf(member(secureContext, 'context'))))),
  'a context in the options of a TLS socket': () => construct(TLSSocket, silent(), { secureContext: { context: {} } }),
  'a context that changes once it is checked': () => {
    const real = member(secureContext, 'context');
    let asked = 0;
    const changing = { get: () => (asked++ === 0 ? real : {}) };
    const made = construct(TLSSocket, silent(), {
      isServer: true,
      secureContext: Object.defineProperty({}, 'context', changing),
    });
    // Once only: what was checked is what was used.
    return asked === 1 && member(made, '_handle', '_secureContext', 'context') === real
      ? undefined
      : `asked ${asked} times`;
  },
  'options that change once they are checked': () => {
    const target = new Proxy({ _tlsOptions: options }, {});
    return call(member(TLSSocket.prototype, '_wrapHandle'), target, null, handleOf(secured()), false);
  },
  'another check of the handle': () => Reflect.set(TLSSocket.prototype, '_wrapHandle', () => undefined) || undefined,
  'another check of the handle, defined': () =>
    Reflect.defineProperty(TLSSocket.prototype, '_wrapHandle', { value: () => undefined }) || undefined,
};
