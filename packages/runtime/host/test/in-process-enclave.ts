import '../src/errors.ts';
import {
  createCaller,
  createDispatcher,
  defineInterface,
  func,
  string,
  systemInterface,
  type Handlers,
} from '@enclos/edl';
import { EnclosError, isEnclosError } from '@enclos/errors';
import { createEndpoint, streamTransport, type Endpoint, type IncomingCall } from '@enclos/gate';
import { interfaceDigest, layOutImage, pinnedInterpreter } from '@enclos/manifest';
import {
  encodeGateHello,
  errorsFromHost,
  GateTable,
  softwareCapabilities,
  type EnclaveExit,
  type LaunchedEnclave,
  type Launcher,
} from '@enclos/tee';
import type { LoadOptions } from '../src/run/load-options.ts';
import { duplexPair, manifestFields } from '@enclos/testkit';

const text = string({ maxBytes: 64 });

export const example = defineInterface({
  name: 'example',
  trusted: {
    echo: func({ text }, text),
    /** Never answers. */
    hold: func({}),
    /** Asks the host, and gives its answer. */
    ask: func({}, text),
    fail: func({}),
  },
  untrusted: {
    answer: func({}, text),
  },
});
type Trusted = (typeof example)['trusted'];
type Untrusted = (typeof example)['untrusted'];

const manifest = manifestFields(pinnedInterpreter, {
  name: 'example',
  threads: 2,
  heapSizeBytes: 32n * 1024n * 1024n,
  interfaceDigest: interfaceDigest(example),
  limits: { maxFrameBytes: 2 ** 20, maxQueuedCalls: 64, maxPendingCalls: 64, maxDepth: 4 },
});

const image = layOutImage({ manifest, bundle: new Uint8Array(16), files: [] });

/** The same with a listener, whose connections are passed. */
export const passedImage = layOutImage({
  manifest: { ...manifest, listen: [{ name: 'web', port: 8443, transport: 'passed' }] },
  bundle: new Uint8Array(16),
  files: [],
});

/** An enclave without a process and without a platform: the other end of a real gate. */
export interface InProcessEnclave {
  readonly endpoint: Endpoint;
  readonly logLevel: string | undefined;
  kill(): void;
}

export interface InProcessLauncher extends Launcher {
  readonly enclaves: readonly InProcessEnclave[];
  /** How many run now. */
  running(): number;
  /** How many times a launch was asked for. */
  launches(): number;
}

export interface InProcessOptions {
  /** Runs before each launch, with its number from 0. */
  readonly beforeLaunch?: (number: number, signal: AbortSignal | undefined) => void | Promise<void>;
  /** The application's `start`. */
  readonly start?: (number: number) => void | Promise<void>;
  readonly mrEnclave?: (number: number) => number;
  /** The path of the passage of each launch, as a platform makes it that has connections passed. */
  readonly passage?: (number: number) => string;
}

export function createInProcessLauncher(options: InProcessOptions = {}): InProcessLauncher {
  const enclaves: InProcessEnclave[] = [];
  let running = 0;
  let launches = 0;
  return {
    capabilities: softwareCapabilities,
    enclaves,
    running: () => running,
    launches: () => launches,
    async launch({ signal, openPassage }) {
      const number = launches++;
      await options.beforeLaunch?.(number, signal);
      if (options.passage !== undefined) await openPassage?.(options.passage(number));
      running += 1;
      const { enclave, launched } = makeEnclave(options, number, () => {
        running -= 1;
      });
      enclaves.push(enclave);
      return launched;
    },
    close: () => Promise.resolve(),
  };
}

function makeEnclave(options: InProcessOptions, number: number, gone: () => void) {
  const [gate, inside] = duplexPair();
  let exit: (exit: EnclaveExit) => void = () => undefined;
  let isGone = false;
  const exited = new Promise<EnclaveExit>((resolve) => (exit = resolve));
  const kill = (signal: string | undefined): void => {
    if (isGone) return;
    isGone = true;
    gone();
    inside.destroy();
    exit({ exitCode: undefined, signal, detail: 'The enclave was ended.\nsecret output' });
  };
  const served = serveExample(inside, () => options.start?.(number));
  void served.endpoint.closed.then(() => kill(undefined));
  const fill = options.mrEnclave?.(number) ?? 0xab;
  const launched: LaunchedEnclave = {
    identity: {
      mrEnclave: new Uint8Array(32).fill(fill),
      mrSigner: new Uint8Array(32),
      productId: 1,
      securityVersion: 1,
      debug: false,
    },
    isolation: [{ name: 'seccomp', active: false, detail: '' }],
    gate,
    exited,
    terminate() {
      kill('SIGKILL');
      return Promise.resolve();
    },
  };
  const enclave: InProcessEnclave = {
    endpoint: served.endpoint,
    get logLevel() {
      return served.logLevel();
    },
    kill: () => kill('SIGKILL'),
  };
  return { enclave, launched };
}

function serveExample(stream: ReturnType<typeof duplexPair>[0], start: () => void | Promise<void> | undefined) {
  let logLevel: string | undefined;
  const system = createDispatcher(systemInterface.trusted, {
    async start(request: { readonly logLevel?: string | undefined }) {
      logLevel = request.logLevel;
      await start();
    },
  });
  const handlers: Handlers<Trusted, IncomingCall> = {
    echo: ({ text: said }) => said,
    hold: () => new Promise(() => undefined),
    ask: (_, call) => hostOf(call).answer(),
    fail: () => Promise.reject(new EnclosError('ENCLAVE_APPLICATION_ERROR', 'a text that no record holds')),
  };
  const calls = createDispatcher<Trusted, IncomingCall>(example.trusted, handlers);
  const endpoint = createEndpoint({
    transport: streamTransport(stream),
    initiator: false,
    hello: encodeGateHello({ name: manifest.name, interfaceDigest: manifest.interfaceDigest }),
    acceptHello: () => undefined,
    limits: { ...manifest.limits, maxConcurrentCalls: manifest.threads, helloTimeoutMs: 10_000 },
    remoteErrors: errorsFromHost,
    dispatch: (call) =>
      call.table === GateTable.system
        ? system(call.index, call.payload, undefined)
        : calls(call.index, call.payload, call),
    describeError: (error) =>
      isEnclosError(error)
        ? { code: error.code, message: error.message }
        : { code: 'ENCLAVE_CALL_FAILED', message: String(error) },
    lostError: () => new EnclosError('TEE_PLATFORM_LOST'),
  });
  endpoint.ready.catch(() => undefined);
  return { endpoint, logLevel: () => logLevel };
}

function hostOf(call: IncomingCall) {
  return createCaller(example.untrusted, ({ index, payload, options, maxResultBytes }) =>
    call.invoke(GateTable.application, index, payload, { ...options, maxResultBytes }),
  );
}

/** What every test passes; `untrusted` answers "yes". */
export function loadOptions(launcher: Launcher): LoadOptions<Trusted, Untrusted> {
  return {
    image,
    signature: new Uint8Array(1808),
    interface: example,
    launcher,
    untrusted: {
      answer: (_, { enclave }) => enclave.echo({ text: 'yes' }),
    },
  };
}
