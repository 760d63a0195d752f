import {
  createCaller,
  createDispatcher,
  systemInterface,
  type Caller,
  type Functions,
  type Handlers,
  type Interface,
} from '@enclos/edl';
import { EnclosError, isEnclosError } from '@enclos/errors';
import { createEndpoint, streamTransport, type Endpoint, type Frame, type IncomingCall } from '@enclos/gate';
import { readImage } from '@enclos/manifest';
import { encodeGateHello, errorsFromEnclave, GateTable, type LaunchedEnclave, type Launcher } from '@enclos/tee';
import type { SignedImage } from '../workshop.ts';

type System = typeof systemInterface;

const systemNames = Object.keys(systemInterface.untrusted);

/** A host that keeps no rules: it says and answers what a test wants. */
export interface RawHostOptions<T extends Functions> {
  readonly interface: Interface<T>;
  /** In place of the digest that the manifest holds. */
  readonly interfaceDigest?: Uint8Array;
  /** Serves the files of the host, and opens its streams. */
  readonly files?: Partial<Handlers<System['untrusted']>>;
  /** Answers a system function in bytes of the test's own, where it gives any. */
  readonly answerSystem?: (name: string) => Uint8Array | undefined;
  /** Serves the application's calls, as bytes. */
  readonly dispatch?: (call: IncomingCall) => Promise<Uint8Array>;
  /** Connects to the passage. Absent: this host passes no sockets. */
  readonly openPassage?: (path: string) => Promise<void>;
  /** Takes the frames of streams; what it sends goes out by `endpoint.stream`. Absent: there may be none. */
  readonly onStream?: (frame: Frame) => void;
}

export interface RawHost<T extends Functions> {
  readonly endpoint: Endpoint;
  readonly launched: LaunchedEnclave;
  readonly system: Caller<System['trusted']>;
  readonly call: Caller<T>;
  close(): Promise<void>;
}

/** Launches an enclave and opens its gate, without starting the application. */
export async function openRawHost<T extends Functions>(
  launcher: Launcher,
  signed: SignedImage,
  options: RawHostOptions<T>,
): Promise<RawHost<T>> {
  const { manifest } = readImage(signed.image);
  const { openPassage } = options;
  const passing = openPassage === undefined ? {} : { openPassage };
  const launched = await launcher.launch({ ...signed, ...passing, debug: manifest.debug, isolation: 'best' });
  const refuse = () => Promise.reject(new EnclosError('HOST_MOUNT_REFUSED'));
  const files = createDispatcher<System['untrusted'], undefined>(systemInterface.untrusted, {
    readTrustedFile: refuse,
    mountStat: refuse,
    mountRead: refuse,
    mountList: refuse,
    mountWrite: refuse,
    mountRemove: refuse,
    streamAccept: refuse,
    streamConnect: refuse,
    ...options.files,
  });
  const interfaceDigest = options.interfaceDigest ?? manifest.interfaceDigest;
  const endpoint = createEndpoint({
    transport: streamTransport(launched.gate),
    initiator: true,
    hello: encodeGateHello({ name: manifest.name, interfaceDigest }),
    acceptHello: () => undefined,
    remoteErrors: errorsFromEnclave,
    limits: { ...manifest.limits, maxConcurrentCalls: 16, maxConcurrentSystemCalls: 2048, helloTimeoutMs: 30_000 },
    async dispatch(call) {
      if (call.table !== GateTable.system) return (options.dispatch ?? refuse)(call);
      const answer = options.answerSystem?.(systemNames[call.index] ?? '');
      return answer ?? files(call.index, call.payload, undefined);
    },
    describeError: (error) => ({ code: isEnclosError(error) ? error.code : 'HOST_CALL_FAILED', message: '' }),
    lostError: (cause) => new EnclosError('ENCLAVE_LOST', undefined, { cause }),
    onStream: options.onStream,
  });
  const caller = <F extends Functions>(table: number, functions: F): Caller<F> =>
    createCaller(functions, ({ index, payload, maxResultBytes }) =>
      endpoint.invoke(table, index, payload, { maxResultBytes }),
    );
  return Object.freeze({
    endpoint,
    launched,
    system: caller(GateTable.system, systemInterface.trusted),
    call: caller(GateTable.application, options.interface.trusted),
    async close() {
      await endpoint.close();
      await launched.terminate();
    },
  });
}
