import { call, capabilities, construct, member, objectOf, present, requireOf, type Attempts } from '../stolen.ts';
import { realProcess } from './process.ts';

const preface = (name: string): unknown => member(globalThis, 'hostilePreface', name);

/** Tries every way in turn; the first that gives something wins, and the errors of the others do not matter. */
async function anyOf(ways: readonly (() => unknown)[]): Promise<unknown> {
  const refusals: string[] = [];
  for (const way of ways) {
    try {
      const got = await way();
      if (got !== undefined) return got;
      refusals.push('nothing is there');
    } catch (error) {
      refusals.push(String(error));
    }
  }
  throw new Error(refusals.join('; '));
}

/** Every known road to a module of Node. */
async function moduleOf(name: string): Promise<unknown> {
  const real = await realProcess();
  return anyOf([
    () => requireOf(name),
    () => requireOf(`node:${name}`),
    () => call(member(globalThis, 'process', 'getBuiltinModule'), undefined, name),
    () => call(member(real, 'getBuiltinModule'), real, name),
    () => call(member(real, 'binding'), real, name),
    () => call(member(real, '_linkedBinding'), real, name),
    () => call(member(real, 'mainModule', 'require'), undefined, name),
    () => call(preface('globalRequire'), undefined, name),
    () => call(preface('import'), undefined, `node:${name}`),
  ]);
}

async function readFile(path: string): Promise<unknown> {
  return anyOf([
    async () => call(member(await moduleOf('fs'), 'readFileSync'), undefined, path, 'utf8'),
    () => call(preface('import'), undefined, `file://${path}`),
    () => call(preface('importJson'), undefined, `file://${path}`),
    () => call(requireOf('buffer')['openAsBlob'], undefined, path),
    () => call(requireOf('util')['loadEnvFile'], undefined, path),
    () => requireOf(path),
  ]);
}

const handles = (): readonly unknown[] =>
  [capabilities().gate, capabilities().platform].map((socket) => member(socket, '_handle'));

/** What the brief of every sandbox lists, each by all the roads to it that are known. */
export const machineAttempts: Attempts = {
  'read /etc/passwd': () => readFile('/etc/passwd'),
  'read /proc/self/environ': () => readFile('/proc/self/environ'),
  'read the interpreter': () => readFile(String(member(globalThis, 'process', 'execPath'))),
  'the module fs': () => moduleOf('fs'),
  'the module net': () => moduleOf('net'),
  'the module dgram': () => moduleOf('dgram'),
  'the module dns': () => moduleOf('dns'),
  'the module http': () => moduleOf('http'),
  'the module child_process': () => moduleOf('child_process'),
  'the module cluster': () => moduleOf('cluster'),
  'the module worker_threads': () => moduleOf('worker_threads'),
  'the module vm': () => moduleOf('vm'),
  'the module v8': () => moduleOf('v8'),
  'the module os': () => moduleOf('os'),
  'the module module': () => moduleOf('module'),
  'the module inspector': () => moduleOf('inspector'),
  'the module inspector/promises': () => moduleOf('inspector/promises'),
  'the module repl': () => moduleOf('repl'),
  'the module wasi': () => moduleOf('wasi'),
  'the module ffi': () => moduleOf('ffi'),
  'the module sqlite': () => moduleOf('sqlite'),
  'the module test': () => moduleOf('test'),
  'the module sea': () => moduleOf('sea'),
  'the module perf_hooks': () => moduleOf('perf_hooks'),
  'the module diagnostics_channel': () => moduleOf('diagnostics_channel'),
  'the module trace_events': () => moduleOf('trace_events'),
  'a module of the interpreter itself': () => moduleOf('internal/test/binding'),
  'a binding of the interpreter': () => moduleOf('spawn_sync'),
  'an addon': async () => call(member(await realProcess(), 'dlopen'), undefined, { exports: {} }, '/tmp/addon.node'),
  'a signal that opens the inspector': async () => {
    const real = await realProcess();
    return anyOf([
      () => call(member(real, 'kill'), real, 1, 'SIGUSR1'),
      () => call(member(real, '_kill'), real, 1, 10),
      () => call(member(real, '_debugProcess'), real, 1),
    ]);
  },
  'options of the interpreter': async () =>
    present(await realProcess(), ['debugPort', 'execPath', 'config']) ??
    (Object.keys(objectOf(member(await realProcess(), 'env'))).join(' ') || undefined),
  'a script in another context': () => construct(member(globalThis, 'ShadowRealm')),
  'connect of the descriptors to AF_UNSPEC': () =>
    anyOf(
      handles().flatMap((handle) => [
        () => call(member(handle, 'connect'), handle, {}, ''),
        () => call(member(handle, 'connect6'), handle, {}, '::', 0),
        () => call(member(handle, 'disconnect'), handle),
      ]),
    ),
  'a listening socket of the descriptors': () =>
    anyOf(
      handles().flatMap((handle) => [
        () => call(member(handle, 'bind'), handle, '/tmp/hostile.sock'),
        () => call(member(handle, 'listen'), handle, 1),
      ]),
    ),
};
