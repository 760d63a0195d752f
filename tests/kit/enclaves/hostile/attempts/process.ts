import { EventEmitter } from 'node:events';
import { call, construct, member, objectOf, present, requireOf, type Attempts } from '../stolen.ts';

/** Members of Node's `process` with authority over the machine, or with knowledge of it. */
const authority = (
  'binding _linkedBinding dlopen getBuiltinModule mainModule moduleLoadList kill _kill abort execve chdir umask initgroups ' +
  'setgroups setegid seteuid setgid setuid getuid geteuid getgid getegid getgroups openStdin stdin stdout stderr _debugProcess ' +
  '_debugEnd debugPort _startProfilerIdleNotifier _stopProfilerIdleNotifier _getActiveRequests _getActiveHandles ' +
  'getActiveResourcesInfo report loadEnvFile setUncaughtExceptionCaptureCallback setSourceMapsEnabled _rawDebug execPath title ' +
  'pid ppid finalization ref unref config _eval _preload_modules allowedNodeEnvironmentFlags'
).split(' ');

/** Makes the interpreter emit on its own `process`, with an `emit` of ours. */
export async function realProcess(): Promise<unknown> {
  const emit: unknown = Reflect.get(EventEmitter.prototype, 'emit');
  const seen: unknown[] = [];
  Reflect.set(EventEmitter.prototype, 'emit', function (this: unknown, ...args: readonly unknown[]): unknown {
    seen.push(this);
    return call(emit, this, ...args);
  });
  try {
    const crowded = new EventEmitter();
    for (let i = 0; i < 12; i += 1) crowded.on('event', () => undefined);
    await new Promise((resolve) => setTimeout(resolve, 10));
  } finally {
    Reflect.set(EventEmitter.prototype, 'emit', emit);
  }
  return seen.find((object) => member(object, 'version') !== undefined);
}

function workingDirectory(of: unknown): unknown {
  const folder = call(member(of, 'cwd'), of);
  return folder === '/' ? undefined : folder;
}

function content(of: unknown): string | undefined {
  const names = Reflect.ownKeys(objectOf(of));
  return names.length === 0 ? undefined : names.join(' ');
}

export const processAttempts: Attempts = {
  'members of process': () => present(member(globalThis, 'process'), authority),
  'members of the real process': async () => {
    const real = await realProcess();
    if (real === undefined) throw new Error('It was not seen.');
    return present(real, authority);
  },
  'environment variables': async () =>
    content(member(globalThis, 'process', 'env')) ?? content(member(await realProcess(), 'env')),
  'command line': async () => present(member(await realProcess(), 'argv'), ['0', '1', '2']),
  'working directory': async () =>
    workingDirectory(member(globalThis, 'process')) ?? workingDirectory(await realProcess()),
  'a worker thread': () => construct(member(globalThis, 'Worker'), 'data:text/javascript,0'),
  'a message channel': () => present(globalThis, ['MessageChannel', 'MessagePort', 'BroadcastChannel']),
  'storage of the host': () => present(globalThis, ['localStorage', 'sessionStorage', 'navigator', 'Storage']),
  'streams of the console': () => present(member(globalThis, 'console'), ['_stdout', '_stderr']),
  'an OpenSSL engine': () => call(member(requireOf('crypto'), 'setEngine'), undefined, '/tmp/engine.so'),
  'a source file through assert': () => {
    try {
      call(requireOf('assert'), undefined, false);
    } catch (error) {
      const text = String(member(error, 'message'));
      // Written so that it does not match its own text: the words of a failed assertion quote the bundle.
      return /root:[x*]:0|enclave\.js/.test(text) ? text : undefined;
    }
    return undefined;
  },
};
