import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { createCaller, createDispatcher, type Caller } from '@enclos/edl';
import { EnclosError } from '@enclos/errors';
import { softwareCapabilities } from '../capabilities.ts';
import type { LaunchedEnclave, Launcher, LaunchRequest } from '../launcher/launcher.ts';
import { openChannel } from './channel.ts';
import { createExitTable, type ExitTable } from './exits.ts';
import { hostChannel, MAX_IMAGE_CHUNK_BYTES } from './protocol.ts';

type Platform = Caller<(typeof hostChannel)['trusted']>;
export type PlatformDescription = Awaited<ReturnType<Platform['describe']>>;

/** A connection to a running software platform. */
export interface SoftwareLauncher extends Launcher {
  describe(): Promise<PlatformDescription>;
  /** The endorsements of the platform's evidence (JSON, the shape of QuoteCollateralV3). */
  endorsements(): Promise<string>;
}

/**
 * Connects to a platform process.
 * @param socketPath its Unix socket.
 * @throws TEE_PLATFORM_UNREACHABLE when nothing answers there.
 */
export async function connectSoftwarePlatform(socketPath: string): Promise<SoftwareLauncher> {
  const stream = await connectUnix(socketPath);
  const exits = createExitTable();
  const serve = createDispatcher(hostChannel.untrusted, {
    exited({ enclave, exitCode, signal, detail }) {
      exits.settle(enclave, { exitCode, signal, detail });
    },
  });
  const endpoint = openChannel({
    stream,
    initiator: true,
    protocol: hostChannel,
    serve: (index, payload) => serve(index, payload, undefined),
  });
  void endpoint.closed.then(() => {
    exits.settleAll({ exitCode: undefined, signal: undefined, detail: 'The platform process is gone.' });
  });
  await endpoint.ready;
  const platform = createCaller(hostChannel.trusted, (call) =>
    endpoint.invoke(0, call.index, call.payload, { ...call.options, maxResultBytes: call.maxResultBytes }),
  );
  return Object.freeze({
    capabilities: softwareCapabilities,
    describe: () => platform.describe(),
    endorsements: () => platform.endorsements(),
    launch: (request: LaunchRequest) => launch({ platform, exits }, request),
    close: () => endpoint.close(),
  });
}

interface Connection {
  readonly platform: Platform;
  readonly exits: ExitTable;
}

async function launch(connection: Connection, request: LaunchRequest): Promise<LaunchedEnclave> {
  const { platform, exits } = connection;
  const upload = await sendImage(platform, request);
  const started = await platform.initialize(
    { upload, signature: request.signature, debug: request.debug, isolation: request.isolation },
    callOptions(request),
  );
  const exited = exits.of(started.enclave);
  const terminate = async (): Promise<void> => {
    // A platform that is gone has taken its enclaves with it: its closing settles `exited`.
    await platform.terminate({ enclave: started.enclave }).catch(() => undefined);
    await exited;
  };
  const gate = await openGate(started.gatePath, terminate);
  const { mrEnclave, mrSigner, productId, securityVersion, debug } = started;
  return Object.freeze({
    identity: Object.freeze({ mrEnclave, mrSigner, productId, securityVersion, debug }),
    isolation: started.isolation,
    gate,
    exited,
    terminate,
  });
}

async function sendImage(platform: Platform, request: LaunchRequest): Promise<number> {
  const { image } = request;
  const upload = await platform.create({ imageBytes: image.length }, callOptions(request));
  for (let at = 0; at < image.length; at += MAX_IMAGE_CHUNK_BYTES) {
    await platform.add({ upload, chunk: image.subarray(at, at + MAX_IMAGE_CHUNK_BYTES) }, callOptions(request));
  }
  return upload;
}

function callOptions(request: LaunchRequest): { signal?: AbortSignal } {
  return request.signal === undefined ? {} : { signal: request.signal };
}

async function openGate(path: string, terminate: () => Promise<void>): Promise<Duplex> {
  try {
    return await connectUnix(path);
  } catch (error) {
    await terminate();
    throw error;
  }
}

function connectUnix(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.removeAllListeners('error');
      resolve(socket);
    });
    socket.once('error', (cause) => {
      reject(new EnclosError('TEE_PLATFORM_UNREACHABLE', `No platform answers at ${path}.`, { cause }));
    });
  });
}
