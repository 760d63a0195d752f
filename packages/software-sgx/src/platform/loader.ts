/**
 * The loader: the first code in an enclave process, given to the interpreter
 * with `-e`. It belongs to the platform, as microcode belongs to the CPU: it
 * takes the measured bytes from the boot pipe, takes away every authority that
 * the interpreter came with, and runs the measured bundle with the four things
 * that an enclave has.
 *
 * It is turned into text, so it must not refer to anything outside itself.
 */
function load(require: NodeJS.Require): void {
  const fs: typeof import('node:fs') = require('node:fs');
  const net: typeof import('node:net') = require('node:net');
  const vm: typeof import('node:vm') = require('node:vm');
  const descriptors = { gate: 3, platform: 4, boot: 5 };

  const take = (sizeBytes: number): Buffer => {
    const buffer = Buffer.allocUnsafeSlow(sizeBytes);
    for (let at = 0; at < sizeBytes;) {
      const read = fs.readSync(descriptors.boot, buffer, at, sizeBytes - at, null);
      if (read === 0) throw new Error('The boot pipe ended early.');
      at += read;
    }
    return buffer;
  };
  const section = (): Buffer => take(take(4).readUInt32LE(0));

  const manifest = section();
  const script = section().toString('utf8');
  const files = section();
  fs.closeSync(descriptors.boot);

  const gate = new net.Socket({ fd: descriptors.gate });
  const platform = new net.Socket({ fd: descriptors.platform });
  // The gate is a socket: whoever gets hold of it must not get a way to others.
  for (const name of ['connect', 'constructor']) Reflect.deleteProperty(net.Socket.prototype, name);
  const end = process.exit.bind(process);

  // Modules without authority: what they compute, any code could compute.
  const pure = new Set(
    'assert async_hooks buffer crypto events path querystring stream stream/promises string_decoder timers timers/promises url util util/types zlib'.split(
      ' ',
    ),
  );
  const modules = new Map([...pure].map((name) => [name, require(`node:${name}`)]));
  const restrictedRequire = (name: string): unknown => {
    const found = modules.get(name.replace(/^node:/, ''));
    if (found === undefined) throw new Error(`An enclave has no module ${name}.`);
    return found;
  };

  // Everything of the language and of the web platform that carries no authority.
  const kept = new Set(
    (
      'globalThis global console process Buffer setTimeout clearTimeout setInterval clearInterval setImmediate clearImmediate ' +
      'queueMicrotask structuredClone atob btoa URL URLSearchParams DOMException AbortController AbortSignal Event EventTarget ' +
      'CustomEvent TextEncoder TextDecoder TextEncoderStream TextDecoderStream ReadableStream ReadableStreamDefaultReader ' +
      'ReadableStreamBYOBReader ReadableByteStreamController ReadableStreamDefaultController WritableStream ' +
      'WritableStreamDefaultController WritableStreamDefaultWriter TransformStream TransformStreamDefaultController ' +
      'ByteLengthQueuingStrategy CountQueuingStrategy CompressionStream DecompressionStream Blob File Headers Request Response ' +
      'FormData performance crypto Crypto CryptoKey SubtleCrypto WebAssembly'
    ).split(' '),
  );
  const language = new Set(vm.runInNewContext('Object.getOwnPropertyNames(globalThis)') as readonly string[]);
  for (const name of Object.getOwnPropertyNames(globalThis)) {
    if (!kept.has(name) && !language.has(name)) Reflect.deleteProperty(globalThis, name);
  }

  // The interpreter's own code keeps its reference to `process`; the members
  // that give authority are removed from it, and the bundle sees another object.
  const removed =
    'binding _linkedBinding dlopen getBuiltinModule mainModule moduleLoadList kill _kill abort execve chdir cwd umask ' +
    'initgroups setgroups setegid seteuid setgid setuid getuid geteuid getgid getegid getgroups openStdin stdin stdout stderr ' +
    '_debugProcess _debugEnd _startProfilerIdleNotifier _stopProfilerIdleNotifier _getActiveRequests _getActiveHandles ' +
    'getActiveResourcesInfo report permission loadEnvFile setUncaughtExceptionCaptureCallback setSourceMapsEnabled _rawDebug env ' +
    'argv execArgv execPath argv0 title pid ppid finalization ref unref config';
  for (const name of removed.split(' ')) Reflect.deleteProperty(process, name);
  const visible = Object.freeze({
    env: Object.freeze({}),
    version: process.version,
    versions: process.versions,
    platform: process.platform,
    arch: process.arch,
    nextTick: process.nextTick.bind(process),
    hrtime: process.hrtime,
    emitWarning: (): void => undefined,
  });
  Object.defineProperty(globalThis, 'process', { value: visible, writable: false, configurable: false });

  const boot: unknown = new vm.Script(script, { filename: 'enclave.js' }).runInThisContext();
  if (typeof boot !== 'function') throw new Error('The bundle is not an enclave bundle.');
  Promise.resolve(boot({ gate, platform, manifest, files, exit: end, require: restrictedRequire })).catch(
    (error: unknown) => {
      // Without this an enclave that cannot start would end without a word.
      fs.writeSync(
        2,
        `The enclave could not start: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
      );
      end(4);
    },
  );
}

/** The text that the interpreter gets. */
export const loaderSource = `(${load.toString()})(require)`;

/** Ends of an enclave process that mean something. */
export const loaderExitCodes = Object.freeze({ hostGone: 0, platformGone: 3, startFailed: 4 });

/** Descriptors of the enclave process beside 0, 1 and 2. */
export const enclaveDescriptors = Object.freeze({ gate: 3, platform: 4, boot: 5 });
