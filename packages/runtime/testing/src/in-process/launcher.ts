import { duplexPair } from 'node:stream';
import {
  hostCaller,
  hostSystem,
  serveGate,
  streamReceived,
  type EnclaveApplication,
  type EnclaveRuntime,
  type HostSystem,
} from '@enclos/enclave/for-testing';
import type { EnclaveManifest } from '@enclos/manifest';
import type { Capabilities, EnclaveExit, Launcher, LaunchedEnclave, LaunchedIdentity } from '@enclos/tee';
import { runIn } from './runtime-of-tests.ts';

export interface InProcessLaunch {
  readonly application: EnclaveApplication;
  readonly manifest: EnclaveManifest;
  readonly identity: LaunchedIdentity;
  readonly capabilities: Capabilities;
  /** The runtime of an enclave with this host. */
  runtimeFor(system: HostSystem): EnclaveRuntime;
}

const noIsolation = Object.freeze([
  {
    name: 'process',
    active: false,
    detail: 'the enclave is code of this process; `enclos test` gives it one',
  },
]);

/** Starts the application of one enclave in this process, at the other end of a call gate. */
export function createInProcessLauncher(launch: InProcessLaunch): Launcher {
  return Object.freeze({
    capabilities: launch.capabilities,
    launch: async () => serve(launch),
    close: async () => undefined,
  });
}

function serve(launch: InProcessLaunch): LaunchedEnclave {
  const { application, manifest, identity } = launch;
  const [gate, inside] = duplexPair();
  // Bytes arrive in the context of the host that sent them, so each function is entered anew.
  const enter = <R>(work: () => R): R => runIn(runtime, work);
  const endpoint = serveGate({
    gate: inside,
    manifest,
    application: entered(application, enter),
    start: async () =>
      enter(() => application.start?.({ host: hostCaller(endpoint, application.interface.untrusted) })),
    onStream: streamReceived,
  });
  const runtime = launch.runtimeFor(hostSystem(endpoint));
  endpoint.ready.catch(() => undefined);
  let exit: (exit: EnclaveExit) => void = () => undefined;
  const exited = new Promise<EnclaveExit>((resolve) => (exit = resolve));
  const end = (detail: string): void => {
    exit({ exitCode: 0, signal: undefined, detail });
    gate.destroy();
    inside.destroy();
  };
  // The ends of such a pair do not close each other.
  gate.on('close', () => inside.destroy());
  void endpoint.closed.then(() => end('The enclave ended with its host.'));
  return {
    identity,
    isolation: noIsolation,
    gate: gate.pause(),
    exited,
    async terminate() {
      end('The enclave was ended.');
    },
  };
}

function entered(application: EnclaveApplication, enter: <R>(work: () => R) => R): EnclaveApplication {
  const handlers: EnclaveApplication['handlers'] = Object.fromEntries(
    Object.entries(application.handlers).map(([name, handler]) => [
      name,
      // The gate looks at the number of parameters.
      handler.length > 1
        ? (args, context) => enter(() => handler(args, context))
        : (args) => enter((): unknown => Reflect.apply(handler, undefined, [args])),
    ]),
  );
  return { ...application, handlers };
}
