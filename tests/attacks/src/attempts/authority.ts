import type { Attempt } from '../attempt.ts';

/** Ways to the machine from what the loader gives and what the interpreter leaves. */

const handle = `const handle = cap.gate._handle;`;
const tlsHandle = `
  const tls = cap.require('tls'), { Duplex } = cap.require('stream');
  const socket = new tls.TLSSocket(new Duplex({ read() {}, write(a, b, done) { done() } }),
    { isServer: true, secureContext: tls.createSecureContext({ ca: [] }) });
  socket.on('error', () => undefined);`;

export const authorityAttempts: readonly Attempt[] = [
  {
    name: 'the module fs, from require',
    source: `const fs = cap.require('node:fs'); return String(fs.readFileSync('/etc/passwd')).slice(0, 4)`,
    closedBy: ['pureModules', 'closeModules'],
    reachedBy: ['permissions', 'stripNatives', 'stripProcess'],
  },
  {
    name: 'a file, from the module fs',
    source: `return String(cap.require('node:fs').readFileSync('/etc/passwd')).slice(0, 4)`,
    closedBy: ['stripNatives', 'permissions'],
    reachedBy: ['pureModules', 'closeModules', 'stripProcess'],
  },
  {
    name: 'a process, from the module child_process',
    source: `const { error, stdout } = cap.require('node:child_process').spawnSync('/bin/echo', ['run'], { env: {} });
      if (error) throw error;
      return String(stdout).trim()`,
    closedBy: ['stripNatives', 'permissions'],
    reachedBy: ['pureModules', 'closeModules', 'stripProcess'],
  },
  {
    name: 'a connection, from the module net',
    source: `const net = cap.require('node:net');
      return new Promise((done, failed) => net.connect(port, '127.0.0.1', () => done('connected')).on('error', failed))`,
    closedBy: ['stripNatives'],
    reachedBy: ['pureModules', 'closeModules', 'stripProcess', 'stripSockets'],
  },
  {
    name: 'a server, from the module net',
    source: `const net = cap.require('node:net');
      return new Promise((done, failed) => net.createServer().on('error', failed).listen(0, '127.0.0.1', () => done('listens')))`,
    closedBy: ['stripNatives'],
    reachedBy: ['pureModules', 'closeModules', 'stripProcess', 'stripSockets'],
  },
  {
    name: 'a datagram, from the module dgram',
    source: `const socket = cap.require('node:dgram').createSocket('udp4');
      return new Promise((done, failed) => { socket.on('error', failed); socket.send('x', port, '127.0.0.1', (error) => error ? failed(error) : done('sent')) })`,
    closedBy: ['stripNatives'],
    reachedBy: ['pureModules', 'closeModules', 'stripProcess'],
  },
  {
    name: 'a name, from the module dns',
    source: `return new Promise((done, failed) => cap.require('node:dns').lookup('localhost', (error, address) => error ? failed(error) : done(address)))`,
    closedBy: ['stripNatives'],
    reachedBy: ['pureModules', 'closeModules', 'stripProcess'],
  },
  {
    name: 'a thread, from the module worker_threads',
    source: `const { Worker } = cap.require('node:worker_threads');
      return new Promise((done, failed) => new Worker('0', { eval: true }).on('online', () => done('runs')).on('error', failed))`,
    closedBy: ['stripNatives', 'permissions'],
    reachedBy: ['pureModules', 'closeModules', 'stripProcess', 'stripSockets'],
  },
  {
    name: 'an inspector, from the module inspector',
    source: `const inspector = cap.require('node:inspector'); const session = new inspector.Session(); session.connect();
      return new Promise((done, failed) => session.post('Runtime.evaluate', { expression: '1 + 1' }, (error, r) => error ? failed(error) : done(r.result.value)))`,
    closedBy: ['stripNatives', 'permissions'],
    reachedBy: ['pureModules', 'closeModules', 'stripProcess'],
  },
  {
    name: 'a system interface, from the module wasi',
    source: `const { WASI } = cap.require('node:wasi'); const wasi = new WASI({ version: 'preview1', preopens: { '/': '/' } });
      return has(wasi.wasiImport, 'path_open')`,
    closedBy: ['stripNatives', 'permissions'],
    reachedBy: ['pureModules', 'closeModules', 'stripProcess'],
  },
  {
    name: 'the machine, from the module os',
    source: `return JSON.stringify(cap.require('node:os').networkInterfaces())`,
    closedBy: ['stripNatives'],
    reachedBy: ['pureModules', 'closeModules', 'stripProcess'],
  },
  {
    name: 'a script, from the module vm',
    source: `return cap.require('node:vm').runInNewContext('1 + 1')`,
    closedBy: ['pureModules', 'closeModules'],
    reachedBy: ['stripProcess'],
  },
  {
    name: 'a snapshot of the heap, from the module v8',
    source: `return has(cap.require('node:v8').getHeapSnapshot(), 'read')`,
    closedBy: ['stripNatives'],
    reachedBy: ['pureModules', 'closeModules', 'stripProcess'],
  },
  {
    name: 'a new socket, of the class of the gate',
    source: `const made = new cap.gate.constructor(); return has(made, 'connect') && 'a socket that connects'`,
    closedBy: ['stripSockets'],
  },
  {
    name: 'a pipe, of the class of the handle',
    source: `${handle} const made = new handle.constructor(1);
      return has(made, 'bind') && made.bind('/tmp/enclos-attack-' + Math.random()) === 0 ? 'bound' : undefined`,
    closedBy: ['stripSockets', 'stripNatives'],
  },
  {
    name: 'a member on the prototype of all handles',
    source: `${handle} const shared = chainOf(handle).at(-2); shared.planted = 1; return handle.planted && 'planted'`,
    closedBy: ['stripSockets'],
  },
  {
    name: 'the memory into which the interpreter reads from the gate',
    source: `const chunk = await new Promise((done) => cap.gate.once('data', done).resume());
      const moved = guarded(() => chunk.buffer.transfer()) ?? guarded(() => structuredClone(chunk.buffer, { transfer: [chunk.buffer] }));
      return moved && moved.byteLength + ' bytes that it goes on to write to'`,
    closedBy: ['fixedBuffer'],
  },
  {
    name: 'memory of its own into which the interpreter reads, and which it can free',
    source: `${handle} return has(handle, 'useUserBuffer')`,
    closedBy: ['stripSockets'],
  },
  {
    name: 'such memory below TLS',
    words: 'node:tls',
    source: `${tlsHandle} return has(socket._handle, 'useUserBuffer') ?? has(socket._handle._parent, 'useUserBuffer')`,
    closedBy: ['stripTls'],
    reachedBy: ['stripSockets'],
  },
  {
    name: 'a connection below TLS, in a bundle that names TLS',
    words: 'node:tls',
    source: `${tlsHandle} const made = new socket._handle._parent.constructor(); return has(made, 'readBuffer') && 'a handle of streams'`,
    closedBy: ['stripTls'],
  },
  {
    name: 'an engine below TLS',
    words: 'node:tls',
    source: `return has(cap.require('tls').createSecureContext({ ca: [] }).context, 'setEngineKey', 'setClientCertEngine')`,
    closedBy: ['stripTls', 'stripEngines'],
    reachedBy: ['pureTls'],
  },
  {
    name: 'an object that passes for a native handle',
    words: 'node:tls',
    source: `const { TLSSocket, createSecureContext } = cap.require('tls');
      const target = { _tlsOptions: { isServer: true, secureContext: createSecureContext({ ca: [] }) }, on() {}, listenerCount: () => 1 };
      TLSSocket.prototype._wrapHandle.call(target, null, undefined, false); return 'a handle'`,
    closedBy: ['pureTls'],
    reachedBy: ['stripTls', 'stripNatives', 'stripSockets'],
  },
  {
    name: 'fetch',
    source: `return (await fetch('http://127.0.0.1:' + port)).status`,
    closedBy: ['stripGlobals', 'closeModules', 'stripNatives'],
    reachedBy: ['stripProcess', 'stripSockets'],
  },
  {
    name: 'fetch, in a bundle that names a response',
    words: 'Response',
    source: `return (await fetch('http://127.0.0.1:' + port)).status`,
    closedBy: ['stripGlobals', 'stripNatives'],
    reachedBy: ['stripProcess', 'closeModules', 'stripSockets'],
  },
  {
    name: 'the connection pool that a client of HTTP leaves',
    words: 'Response',
    source: `const key = Symbol.for('undici.globalDispatcher.1'); void globalThis.fetch; return has(globalThis[key], 'dispatch')`,
    closedBy: ['stripGlobals'],
  },
  {
    name: 'a message channel',
    source: `const { port1, port2 } = new MessageChannel();
      return new Promise((done) => { port2.on('message', done); port1.postMessage('a message') })`,
    closedBy: ['stripGlobals', 'stripNatives'],
  },
  {
    name: 'a channel to all threads',
    source: `const channel = new BroadcastChannel('x'); channel.postMessage(1); return 'broadcast'`,
    closedBy: ['stripGlobals', 'stripNatives'],
  },
  {
    name: 'streaming compilation',
    source: `return has(WebAssembly, 'compileStreaming')`,
    closedBy: ['stripGlobals'],
  },
  ...['navigator', 'Navigator', 'MessageEvent', 'MessagePort', 'fetch'].map((name): Attempt => ({
    name: `the global ${name}`,
    source: `return Reflect.getOwnPropertyDescriptor(globalThis, '${name}') && '${name}'`,
    closedBy: ['stripGlobals'],
    reachedBy: ['closeModules', 'stripNatives'],
  })),
  ...(
    [
      'getBuiltinModule',
      'binding',
      '_linkedBinding',
      'dlopen',
      'kill',
      'abort',
      'chdir',
      'execve',
      '_getActiveHandles',
    ] as const
  ).map((name): Attempt => ({
    name: `process.${name}`,
    source: `const told = process.${name}; return told && typeof told`,
    closedBy: ['stripProcess'],
  })),
  {
    name: 'the environment and the command line',
    source: `return process.argv.length + Object.keys(process.execArgv).length || undefined`,
    closedBy: ['stripProcess'],
  },
];
