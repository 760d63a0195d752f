import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { utf8 } from '@enclos/codec';
import { defineInterface, encodeValue, systemInterface } from '@enclos/edl';
import { EnclosError, isEnclosError } from '@enclos/errors';
import {
  createEndpoint,
  streamTransport,
  type Endpoint,
  type EndpointOptions,
  type IncomingCall,
  type InvokeOptions,
} from '@enclos/gate';
import {
  encodeFiles,
  encodeManifest,
  interfaceDigest,
  type EmbeddedFile,
  type ProgramManifest,
} from '@enclos/manifest';
import { decodeGateHello, encodeGateHello, errorsFromEnclave, GateTable, type Attester } from '@enclos/tee';
import { servePlatformChannel } from '@enclos/tee/gramine';
import { buildGoProgram } from './go-program.ts';

const noInterface = defineInterface({ name: 'none', trusted: {}, untrusted: {} });

export const probeManifest: ProgramManifest = {
  name: 'probe',
  productId: 3,
  securityVersion: 4,
  debug: false,
  threads: 4,
  heapSizeBytes: 64n * 1024n * 1024n,
  interfaceDigest: interfaceDigest(noInterface),
  program: {
    architecture: process.arch === 'arm64' ? 'linux-arm64' : 'linux-x64',
    network: 'declared',
    arguments: [],
    output: 'log',
  },
  environment: [{ name: 'MODE', value: 'test' }, { name: 'REGION' }],
  trustedFiles: [],
  mounts: [],
  listen: [{ name: 'in', port: 8443, transport: 'either' }],
  connect: [{ name: 'out', host: 'peer.example', port: 443, transport: 'either' }],
  limits: { maxFrameBytes: 2 ** 20, maxQueuedCalls: 8, maxPendingCalls: 16, maxDepth: 4 },
};

/** A platform of which nothing is asked, or fixed answers. */
const stubAttester: Attester = {
  capabilities: { platform: 'software' } as Attester['capabilities'],
  report: async () => new Uint8Array(432),
  key: async (request) => {
    if (request[0] === 9) throw new EnclosError('KEY_NOT_PERMITTED');
    return new Uint8Array(16).fill(request[40] ?? 0);
  },
  quote: async (reportData) => reportData,
};

/** The answer that does not come. */
const never = new Promise<Uint8Array>(() => undefined);

export interface ProbeOptions {
  /** The folder of the program in the SDK's module. */
  readonly program?: string;
  readonly manifest?: Partial<ProgramManifest>;
  readonly files?: readonly EmbeddedFile[];
  readonly attester?: Attester;
  /** Functions of the application. Default: what they got. */
  readonly dispatch?: (call: IncomingCall) => Uint8Array | Promise<Uint8Array>;
  /** Functions of the system. Default: no answer, as where nobody connects. */
  readonly system?: (call: IncomingCall) => Uint8Array | Promise<Uint8Array>;
  readonly onLog?: EndpointOptions['onLog'];
  readonly onStream?: EndpointOptions['onStream'];
  /** With which the host greets. Default: that of the manifest. */
  readonly interfaceDigest?: Uint8Array;
  readonly environment?: Readonly<Record<string, string>>;
  readonly limits?: Partial<EndpointOptions['limits']>;
}

/** A Go program with the descriptors of an enclave, at their other ends the test. */
export interface ProbeProcess {
  readonly process: ChildProcess;
  readonly gate: Endpoint;
  /** The program's exit code. */
  readonly exited: Promise<number | null>;
  readonly call: (index: number, payload: Uint8Array, options?: InvokeOptions) => Promise<Uint8Array>;
  readonly start: (environment?: Readonly<Record<string, string>>) => Promise<Uint8Array>;
  readonly close: () => Promise<void>;
}

/** Spawns the program, and serves its platform channel and its boot pipe. @returns its descriptors, and how it ended */
async function spawnProbe({
  program = 'internal/probe',
  manifest,
  files = [],
  attester = stubAttester,
}: ProbeOptions = {}): Promise<{
  readonly process: ChildProcess;
  readonly gate: Duplex;
  readonly exited: Promise<number | null>;
}> {
  const stdio = ['ignore', 'ignore', 'inherit', 'pipe', 'pipe', 'pipe'] as const;
  const child = spawn(buildGoProgram(program), [], { stdio: [...stdio], env: {} });
  const exited = once(child, 'exit').then(([code]) => code as number | null);
  // What `pipe` makes can be read and written; the type of `stdio` ends at the fifth.
  const [, , , gate, platform, boot] = child.stdio as unknown as readonly Duplex[];
  if (gate === undefined || platform === undefined || boot === undefined) throw new TypeError('A pipe is missing.');
  for (const stream of [gate, platform, boot]) stream.on('error', () => undefined);
  servePlatformChannel(platform, attester);
  boot.once('data', () => {
    const sections = [encodeManifest({ ...probeManifest, ...manifest }), new Uint8Array(), encodeFiles(files)];
    for (const section of sections) {
      const length = Buffer.alloc(4);
      length.writeUInt32LE(section.length);
      boot.write(length);
      boot.write(section);
    }
  });
  return { process: child, gate, exited };
}

export async function startProbe(options: ProbeOptions = {}): Promise<ProbeProcess> {
  const { process: child, gate: stream, exited } = await spawnProbe(options);
  const measured = options.manifest?.interfaceDigest ?? probeManifest.interfaceDigest;
  const { interfaceDigest: digest = measured } = options;
  const gate = createEndpoint({
    transport: streamTransport(stream),
    initiator: true,
    hello: encodeGateHello({ name: 'test', interfaceDigest: digest }),
    acceptHello: (hello) => void decodeGateHello(hello),
    limits: {
      maxFrameBytes: probeManifest.limits.maxFrameBytes,
      maxConcurrentCalls: 16,
      maxConcurrentSystemCalls: 512,
      maxQueuedCalls: 64,
      maxPendingCalls: 64,
      maxDepth: 4,
      helloTimeoutMs: 30_000,
      ...options.limits,
    },
    dispatch: (call) => {
      if (call.table === GateTable.system) return options.system?.(call) ?? never;
      return options.dispatch?.(call) ?? call.payload;
    },
    describeError: (error) =>
      isEnclosError(error) ? { code: error.code, message: error.message } : { code: 'HOST_CALL_FAILED', message: '' },
    remoteErrors: errorsFromEnclave,
    lostError: () => new EnclosError('TEE_PLATFORM_LOST'),
    ...(options.onLog === undefined ? {} : { onLog: options.onLog }),
    ...(options.onStream === undefined ? {} : { onStream: options.onStream }),
  });
  const start = (environment: Readonly<Record<string, string>> = {}): Promise<Uint8Array> => {
    const hostEnvironment = Object.entries(environment).map(([name, value]) => ({ name, value }));
    return gate.invoke(GateTable.system, 0, encodeValue(systemInterface.trusted.start.parameters, { hostEnvironment }));
  };
  return {
    process: child,
    gate,
    exited,
    start,
    call: (index, payload, how) => gate.invoke(GateTable.application, index, payload, how),
    async close() {
      await gate.close();
      await exited;
    },
  };
}

export const text = (value: string): Uint8Array => utf8(value);
