import './platform-errors.ts';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { createCaller, createDispatcher, giveBack, type Caller } from '@enclos/edl';
import { EnclosError, isEnclosError } from '@enclos/errors';
import { softwareCapabilities } from '../capabilities.ts';
import type { IsolationLayer, LaunchedEnclave, Launcher, LaunchRequest } from '../launcher/launcher.ts';
import type { SgxLauncher, SgxLaunchRequest } from '../launcher/sgx-launcher.ts';
import { passingAdvice } from '../launcher/passing-advice.ts';
import { connectToSocket } from '../unix-socket.ts';
import { openChannel } from './channel.ts';
import { connected, connectFrugally } from './connect.ts';
import { createExitTable, type ExitTable } from './exits.ts';
import { launchSgx } from './launch-sgx.ts';
import { connectPatiently, type Patience } from './patience.ts';
import { hostChannel } from './protocol.ts';
import { createUploader, sendFiles, type Uploader } from './upload.ts';

type Platform = Caller<(typeof hostChannel)['trusted']>;
export type PlatformDescription = Awaited<ReturnType<Platform['describe']>>;

/** A connection to a running software platform. */
export interface SoftwareLauncher extends Launcher, SgxLauncher {
  describe(): Promise<PlatformDescription>;
  /** The endorsements of the platform's evidence (JSON, the shape of QuoteCollateralV3). */
  endorsements(): Promise<string>;
}

/**
 * Connects to a platform process.
 * @param socketPath its Unix socket.
 * @param patience how long to wait for a platform that is not there yet. Default: not at all.
 * @throws TEE_PLATFORM_UNREACHABLE when nothing answers there; TEE_PROTOCOL_MISMATCH when its version is another one.
 */
export function connectSoftwarePlatform(socketPath: string, patience: Patience = {}): Promise<SoftwareLauncher> {
  return connectPatiently(() => connectOnce(socketPath), patience);
}

async function connectOnce(socketPath: string): Promise<SoftwareLauncher> {
  const stream = await connected(connectFrugally(socketPath), socketPath);
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
    // Pieces of images, each encoded for this channel alone: one after the other goes through the same memory.
    sent: giveBack,
  });
  void endpoint.closed.then(() => {
    exits.settleAll({ exitCode: undefined, signal: undefined, detail: 'The platform process is gone.' });
  });
  await endpoint.ready;
  const platform = createCaller(hostChannel.trusted, (call) =>
    endpoint.invoke(0, call.index, call.payload, { ...call.options, maxResultBytes: call.maxResultBytes }),
  );
  const uploader = createUploader(platform);
  return Object.freeze({
    capabilities: softwareCapabilities,
    describe: () => platform.describe(),
    endorsements: () => platform.endorsements(),
    launch: (request: LaunchRequest) => launch({ platform, uploader, exits }, request),
    launchSgx: (request: SgxLaunchRequest) => launchSgx({ platform, exits }, request),
    quotingTarget: () => platform.quotingTarget(),
    quote: (report: Uint8Array) => platform.quote({ report }),
    closed: endpoint.closed.then(() => undefined),
    close: () => endpoint.close(),
  });
}

interface Connection {
  readonly platform: Platform;
  readonly uploader: Uploader;
  readonly exits: ExitTable;
}

async function launch(connection: Connection, request: LaunchRequest): Promise<LaunchedEnclave> {
  const { platform, uploader, exits } = connection;
  const { image, signature, debug: inDebug, isolation, inspector: inspected = false, openPassage, signal } = request;
  const options = { ...(inspected ? { inspector: true } : {}), ...(openPassage === undefined ? {} : { passes: true }) };
  await sendFiles(platform, request.files ?? [], signal);
  const initializing = uploader.send(image, signal, (upload) =>
    platform.initialize(
      { upload, signature, debug: inDebug, isolation, ...options },
      // The compiler wants an absent signal, not an undefined one.
      signal === undefined ? {} : { signal },
    ),
  );
  const started = await initializing.catch(async (error: unknown) => {
    throw isEnclosError(error, 'STREAM_TRANSPORT_UNAVAILABLE')
      ? await withPassingAdvice(error, platform, request)
      : error;
  });
  const exited = exits.of(started.enclave);
  const terminate = async (): Promise<void> => {
    // When the platform is gone, its enclaves are gone too: its closing settles `exited`.
    await platform.terminate({ enclave: started.enclave }).catch(() => undefined);
    await exited;
  };
  // Before the gate: the enclave starts when the gate is connected, and takes all connections.
  const inspector = await openInspector(started.inspectorPath, inspected, terminate);
  if (started.passagePath !== undefined) await enterPassage(started.passagePath, openPassage, terminate);
  const gate = await openSocket(started.gatePath, terminate, connectFrugally);
  const { mrEnclave, mrSigner, productId, securityVersion, debug } = started;
  return Object.freeze({
    identity: Object.freeze({ mrEnclave, mrSigner, productId, securityVersion, debug }),
    isolation: started.isolation,
    ...(started.companions === undefined ? {} : { companions: layersByName(started.companions) }),
    gate,
    ...(inspector === undefined ? {} : { inspector }),
    ...(started.relayedWhy === undefined ? {} : { relayedWhy: started.relayedWhy }),
    exited,
    terminate,
  });
}

function layersByName(
  companions: readonly { readonly name: string; readonly isolation: readonly IsolationLayer[] }[],
): NonNullable<LaunchedEnclave['companions']> {
  return Object.freeze(Object.fromEntries(companions.map(({ name, isolation }) => [name, isolation])));
}

/** Only the code and the text of a platform's error come across: what to do follows from what can be known here. */
async function withPassingAdvice(
  error: EnclosError,
  platform: Platform,
  { openPassage }: Pick<LaunchRequest, 'openPassage'>,
): Promise<EnclosError> {
  const { code, message, details } = error;
  const withNext = (next: string): EnclosError => new EnclosError(code, message, { details, cause: error, next });
  if (openPassage === undefined) return withNext(passingAdvice.host);
  const { layers } = await platform.describe();
  const isFiltered = layers.some(({ name, active }) => name === 'seccomp' && active);
  return withNext(isFiltered ? passingAdvice.trial : passingAdvice.filter);
}

/** Connects to a socket of the enclave. If that fails, the enclave is ended. */
async function openSocket(
  path: string,
  terminate: () => Promise<void>,
  open: (path: string) => Socket = connectToSocket,
): Promise<Duplex> {
  try {
    return await connected(open(path), path);
  } catch (error) {
    await terminate();
    throw error;
  }
}

/** @throws TEE_PROTOCOL_MISMATCH when the platform gave no inspector. */
async function openInspector(
  path: string | undefined,
  wanted: boolean,
  terminate: () => Promise<void>,
): Promise<Duplex | undefined> {
  if (!wanted) return undefined;
  if (path !== undefined) return openSocket(path, terminate);
  await terminate();
  throw new EnclosError('TEE_PROTOCOL_MISMATCH', 'The platform gave the enclave no inspector.');
}

/** @throws TEE_PROTOCOL_MISMATCH for a passage that was not asked for, and what `open` throws. The enclave is then ended. */
async function enterPassage(
  path: string,
  open: LaunchRequest['openPassage'],
  terminate: () => Promise<void>,
): Promise<void> {
  try {
    if (open === undefined) throw new EnclosError('TEE_PROTOCOL_MISMATCH', 'The platform made a passage for no host.');
    await open(path);
  } catch (error) {
    await terminate();
    throw error;
  }
}
