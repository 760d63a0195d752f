import type { Attempt } from '../attempt.ts';

/** Ways from a connection that the host passed, and from the passage, to what only the loader holds. */

/** What every request to write is made of, seen as the gate makes one. */
const requests = `const { _handle: writer } = cap.gate; let request;
  for (const name of chainOf(writer).flatMap(Object.getOwnPropertyNames).filter((name) => /^write(?!Queue)/.test(name))) {
    const before = writer[name];
    const value = function (...all) { request = all[0]; return Reflect.apply(before, this, all) };
    if (typeof before === 'function') Object.defineProperty(writer, name, { configurable: true, value });
  }
  cap.gate.write('a'); await pause(20);`;

export const passingAttempts: readonly Attempt[] = [
  {
    name: 'the memory into which the frames of the passage are read',
    passes: true,
    source: `const moved = guarded(() => frame.buffer.transfer()) ?? guarded(() => structuredClone(frame.buffer, { transfer: [frame.buffer] }));
      return moved && moved.byteLength + ' bytes that it goes on to write to'`,
    closedBy: ['fixedBuffer'],
  },
  {
    name: 'the passage itself, of a request that is done',
    passes: true,
    source: `${requests}
      const told = new Promise((done) => Object.defineProperty(Object.getPrototypeOf(request), 'oncomplete',
        { configurable: true, writable: true, value: (status, stream) => done(stream) }));
      // More than the system takes at once.
      cap.passage.send(new Uint8Array(4_000_000));
      const stream = await Promise.race([told, pause(3000)]);
      return stream && stream !== writer && has(stream, 'writeUtf8String')`,
    closedBy: ['closeRequests'],
  },
  {
    name: 'a new connection, of the class of a passed socket',
    passes: true,
    source: `const socket = new passed.constructor(); return has(socket, 'connect')
      && new Promise((done, failed) => socket.on('error', failed).connect(port, '127.0.0.1', () => done('connected')))`,
    closedBy: ['stripSockets'],
    reachedBy: ['stripNatives'],
  },
  {
    name: 'a new connection, of the class of its handle',
    passes: true,
    source: `const handle = new passed._handle.constructor(0);
      return has(handle, 'bind') && handle.bind('127.0.0.1', 0) === 0 ? 'bound' : undefined`,
    closedBy: ['stripSockets', 'stripNatives'],
  },
  {
    name: 'a passed socket that listens',
    passes: true,
    source: `return has(passed._handle, 'listen') && 'listens with ' + passed._handle.listen(1)`,
    closedBy: ['stripSockets', 'stripNatives'],
  },
  {
    name: 'another descriptor in a passed handle',
    passes: true,
    source: `const { _handle } = passed; return has(_handle, 'open')`,
    closedBy: ['stripSockets', 'stripNatives'],
  },
  {
    name: 'memory of its own into which the interpreter reads from a passed socket',
    passes: true,
    source: `return has(passed._handle, 'useUserBuffer')`,
    closedBy: ['stripSockets'],
  },
  {
    name: 'a member on the prototype of passed handles',
    passes: true,
    source: `Object.getPrototypeOf(passed._handle).planted = 1; return passed._handle.planted && 'planted'`,
    closedBy: ['stripSockets'],
  },
  {
    name: 'the address of the host’s end',
    passes: true,
    source: `return passed.localAddress ?? passed.address().address`,
    closedBy: ['stripNatives'],
  },
  {
    name: 'TLS over the gate’s handle, beside a passed socket',
    passes: true,
    words: 'node:tls',
    source: `const { TLSSocket, createSecureContext } = cap.require('tls'); const { _handle } = passed;
      passed._handle = cap.gate._handle;
      const wrapped = guarded(() => new TLSSocket(passed, { isServer: true, secureContext: createSecureContext({ ca: [] }) }).on('error', () => undefined));
      passed._handle = _handle;
      return wrapped && 'TLS on the gate'`,
    closedBy: ['pureTls'],
    reachedBy: ['stripTls', 'stripNatives', 'stripSockets'],
  },
];
