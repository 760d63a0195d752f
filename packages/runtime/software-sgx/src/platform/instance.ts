import type { Socket } from 'node:net';
import { equalBytes } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import {
  inspectedLayers,
  privateObstacle,
  programLayers,
  requireIsolation,
  requireProgram,
  type MeasuredProgram,
} from '@enclos/isolation';
import {
  companionsOf,
  encodeFiles,
  isProgramManifest,
  openImagePages,
  sortFiles,
  type OpenImage,
} from '@enclos/manifest';
import { Attribute } from '@enclos/sgx';
import type { EnclaveExit, Isolation, IsolationLayer, LaunchedIdentity } from '@enclos/tee';
import type { EnclaveAudit } from '../platform-audit.ts';
import type { LoadedEnclave } from '../cpu/cpu.ts';
import type { MeasuredImage } from '../cpu/measured-image.ts';
import type { EnclaveProcess } from './process/enclave-child.ts';
import { spawnEnclave, type SpawnOptions } from './process/enclave-process.ts';
import { listenForGate, type GateListener } from './gate-listener.ts';
import { prepareCompanions, type PreparedCompanions } from './companions/companions.ts';
import { gatePlace } from './host-folder.ts';
import type { Host } from './host.ts';
import { decidePassing, passingLayers, type PassingDecision } from './passing/decide.ts';
import { startProgram } from './programs/start-program.ts';
import type { EnclaveUser } from './separation/user-pool.ts';
import { serveEnclave } from './process/serve-enclave.ts';
import type { PlatformServices } from './services.ts';

export interface InstanceRequest {
  readonly image: MeasuredImage;
  readonly signature: Uint8Array;
  readonly debug: boolean;
  readonly isolation: Isolation;
  /** Give the enclave an inspector: debug enclaves only. */
  readonly inspector?: boolean | undefined;
  /** The host can pass connected sockets. */
  readonly passes?: boolean | undefined;
  /** Records what the enclave asks for. */
  readonly audit?: EnclaveAudit | undefined;
  readonly host: Host;
}

/** One enclave from EINIT to EREMOVE. */
export interface Instance {
  readonly identity: LaunchedIdentity;
  readonly gatePath: string;
  /** Present when an inspector was asked for. Connect to it before the gate. */
  readonly inspectorPath: string | undefined;
  /** Present when sockets are passed to it. Connect to it before the gate. */
  readonly passagePath: string | undefined;
  /** Why no sockets are passed to it, where they could have been. */
  readonly relayedWhy: string | undefined;
  readonly isolation: readonly IsolationLayer[];
  /** The layers of its companions. */
  readonly companions: PreparedCompanions['layers'] | undefined;
  /** Their names, and the digests of their files, for the audit log. */
  readonly companionFiles: string | undefined;
  /** Resolves when the process has its image, or never will: then the image is no longer held. */
  readonly started: Promise<void>;
  readonly exited: Promise<EnclaveExit>;
  /** Kills it, started or not. */
  terminate(): void;
}

const gateTimeoutMs = 10_000;

/**
 * Verifies the signature of a measured image, and prepares to spawn: the process starts when the host connects to the gate.
 * @throws every error of EINIT, the image reader and the isolation; STREAM_TRANSPORT_UNAVAILABLE.
 */
export async function prepareInstance(services: PlatformServices, request: InstanceRequest): Promise<Instance> {
  const { host, debug } = request;
  const { release } = request.image;
  requireIsolation(services.isolation, request.isolation);
  const enclave = services.cpu.load(request.image, request.signature, { debug });
  let user: EnclaveUser | undefined;
  try {
    const image = openImagePages(request.image.pages);
    checkExecution(services, image);
    checkMode(image, request);
    checkInspector({ enclave, image }, request);
    const { audit, inspector: inspected = false, passes = false } = request;
    const { isolation, passingObstacle: obstacle } = services;
    const hasOwnNetwork = isProgramManifest(image.manifest) && image.manifest.program.network === 'private';
    const decided = { passes, layers: isolation.layers, obstacle, hasOwnNetwork };
    const passing = await decidePassing(image.manifest, decided);
    const companions = await prepareCompanions(services, { image, host, debug, audit });
    user = await host.enclaveUsers?.take();
    const loaded = { enclave, image, debug, audit, inspected, passing, companions, user, host, release };
    return await awaitGate(services, loaded);
  } catch (error) {
    user?.giveBack();
    services.cpu.eremove(enclave);
    throw error;
  }
}

/** The manifest says which interpreter the signer measured; this machine must have exactly that one. */
function checkExecution({ interpreter, programs, isolation }: PlatformServices, image: OpenImage): void {
  const { manifest } = image;
  if (isProgramManifest(manifest)) {
    const obstacle = privateObstacle(isolation.layers, programs.privateNetwork !== undefined);
    return requireProgram(manifest.program, programOf(image), { privateObstacle: obstacle });
  }
  const known = manifest.interpreter.digests.some((digest) => equalBytes(digest.sha256, interpreter.sha256));
  if (!known) {
    throw new EnclosError(
      'INTERPRETER_MISMATCH',
      `The image was built for Node ${manifest.interpreter.version}; this platform has ${interpreter.version}.`,
    );
  }
}

const programOf = ({ bundleBytes, readBundle }: OpenImage): MeasuredProgram => ({
  sizeBytes: bundleBytes,
  read: readBundle,
});

/** The runtime reads its mode from the manifest, the relying party from the attributes: they must agree. */
function checkMode(image: OpenImage, request: InstanceRequest): void {
  if (image.manifest.debug !== request.debug) {
    throw new EnclosError('LAUNCH_DEBUG_REFUSED', 'The manifest and the launch name different modes.');
  }
}

/** Decides by the attribute that EINIT verified, which is also in every report of the enclave. */
function checkInspector({ enclave, image }: Pick<LoadedInstance, 'enclave' | 'image'>, request: InstanceRequest): void {
  if (request.inspector !== true) return;
  if ((enclave.identity.attributes.flags & Attribute.DEBUG) === 0n) throw new EnclosError('LAUNCH_INSPECTOR_REFUSED');
  // The inspector is that of the interpreter.
  if (isProgramManifest(image.manifest)) {
    throw new EnclosError('LAUNCH_INSPECTOR_REFUSED', 'An enclave that is a program has no inspector.');
  }
}

interface LoadedInstance {
  readonly enclave: LoadedEnclave;
  readonly image: OpenImage;
  /** Gives the memory of the image to another: see `MeasuredImage`. */
  readonly release: () => void;
  readonly debug: boolean;
  readonly audit: EnclaveAudit | undefined;
  readonly inspected: boolean;
  /** Whether sockets are passed to it. */
  readonly passing: PassingDecision;
  readonly companions: PreparedCompanions | undefined;
  /** The enclave's own user, on a separated platform. */
  readonly user: EnclaveUser | undefined;
  /** The host that may connect to the gate. */
  readonly host: Host;
}

async function awaitGate(services: PlatformServices, loaded: LoadedInstance): Promise<Instance> {
  const identity = identityOf(loaded);
  const { folder, access, seen } = gatePlace(services, loaded.host);
  const listeners: Listeners = {
    gate: await listenForGate(folder, access),
    inspector: loaded.inspected ? await listenForGate(folder, access) : undefined,
    passage: loaded.passing.passed ? await listenForGate(folder, access) : undefined,
  };
  const close = (): void => {
    for (const listener of [listeners.gate, listeners.inspector, listeners.passage]) listener?.close();
  };
  let running: EnclaveProcess | undefined;
  let ended = false;
  // Only this closure holds the image, and it is gone once the enclave runs.
  const started = startAtGate(services, loaded, listeners, () => ended).then((made) => {
    running = made;
    return made.booted;
  });
  const { enclave, user } = loaded;
  const exited = started
    .then(() => running?.exited ?? neverStarted(endedBeforeStart))
    .catch((error: unknown) => neverStarted(error instanceof Error ? error.message : 'The enclave could not start.'))
    .finally(() => {
      close();
      services.cpu.eremove(enclave);
      user?.giveBack();
    });
  return Object.freeze({
    identity,
    gatePath: seen(listeners.gate.path),
    inspectorPath: listeners.inspector && seen(listeners.inspector.path),
    passagePath: listeners.passage && seen(listeners.passage.path),
    relayedWhy: loaded.passing.relayedWhy,
    isolation: layersOf(services.isolation, loaded),
    companions: loaded.companions?.layers,
    companionFiles: loaded.companions?.text,
    started: started.catch(() => undefined),
    exited,
    terminate() {
      ended = true;
      close();
      running?.kill();
    },
  });
}

function layersOf(
  plan: PlatformServices['isolation'],
  { image, inspected, passing }: Pick<LoadedInstance, 'image' | 'inspected' | 'passing'>,
): readonly IsolationLayer[] {
  const layers = isProgramManifest(image.manifest) ? programLayers(plan, image.manifest.program.network) : plan.layers;
  const given = passing.passed ? passingLayers({ way: plan.way, layers }) : layers;
  return inspected ? inspectedLayers(given) : given;
}

/** The sockets to which the host of an enclave connects. */
interface Listeners {
  readonly gate: GateListener;
  readonly inspector: GateListener | undefined;
  readonly passage: GateListener | undefined;
}

const endedBeforeStart = 'The enclave was ended before it started.';

async function startAtGate(
  services: PlatformServices,
  loaded: LoadedInstance,
  listeners: Listeners,
  isEnded: () => boolean,
): Promise<EnclaveProcess> {
  const connections = await acceptAll(listeners);
  const requireWanted = (): void => {
    if (isEnded()) throw new EnclosError('ENCLAVE_START_FAILED', endedBeforeStart);
  };
  try {
    const { image, release, debug, user, host } = loaded;
    const { manifest, manifestBytes, fileBytes } = image;
    const { interpreter, isolation } = services;
    const spawning = { ...connections, isolation, debug, user: user?.id, cgroups: host.cgroups };
    if (isProgramManifest(manifest)) {
      const program = { program: programOf(image), manifest, manifestBytes, fileBytes, release, requireWanted };
      return await startProgram(services, loaded, { ...spawning, ...program });
    }
    // Here, not when the image was measured: the host chooses how much time passes in between.
    await interpreter.recheck();
    // It may have been ended between the host's connection and this moment.
    requireWanted();
    const sections = [manifestBytes, image.readBundle(0, image.bundleBytes), filesInside(image)];
    const spawned = { ...spawning, interpreterPath: interpreter.path, manifest, sections };
    const made = await spawnWithCompanions(loaded.companions, requireWanted, (companions) =>
      spawnEnclave({ ...spawned, companions }),
    );
    serveEnclave(services, loaded, made);
    // What is left of the image has been copied. The pipe reads from its memory until it is closed.
    void made.booted.then(release);
    return made;
  } catch (error) {
    for (const connection of Object.values(connections)) connection?.destroy();
    throw error;
  }
}

/** The embedded files, without the scripts of companions, which are for their own processes. */
function filesInside({ manifest, files, fileBytes }: OpenImage): Uint8Array {
  const companions = companionsOf(manifest);
  return companions.length === 0 ? fileBytes : encodeFiles(sortFiles(companions, files).ofApplication);
}

/** An enclave is gone when its companions are. */
async function spawnWithCompanions(
  prepared: PreparedCompanions | undefined,
  requireWanted: () => void,
  spawn: (passage: Socket | undefined) => EnclaveProcess,
): Promise<EnclaveProcess> {
  if (prepared === undefined) return spawn(undefined);
  let made: EnclaveProcess | undefined;
  const companions = await prepared.open(() => made?.kill());
  try {
    requireWanted();
    const running = spawn(companions.socket);
    made = running;
    const exited = running.exited.then(async (exit) => {
      await companions.close();
      return exit;
    });
    return { ...running, exited };
  } catch (error) {
    companions.socket.destroy();
    await companions.close();
    throw error;
  }
}

type Connections = Pick<SpawnOptions, 'gate' | 'inspector' | 'passage'>;

/** The host connects the gate last, so the others are there or never come. */
async function acceptAll({ gate: gateListener, inspector, passage }: Listeners): Promise<Connections> {
  const gate = await gateListener.accept(gateTimeoutMs);
  const taken: Socket[] = [gate];
  const take = async (listener: GateListener | undefined): Promise<Socket | undefined> => {
    const connection = await listener?.accept(gateTimeoutMs);
    if (connection !== undefined) taken.push(connection);
    return connection;
  };
  try {
    return { gate, inspector: await take(inspector), passage: await take(passage) };
  } catch (error) {
    for (const connection of taken) connection.destroy();
    throw error;
  }
}

function neverStarted(detail: string): EnclaveExit {
  return { exitCode: undefined, signal: undefined, detail };
}

function identityOf({ enclave, debug }: LoadedInstance): LaunchedIdentity {
  const { mrEnclave, mrSigner, isvProdId, isvSvn, attributes } = enclave.identity;
  const inDebug = (attributes.flags & Attribute.DEBUG) !== 0n;
  if (inDebug !== debug) throw new EnclosError('ENCLAVE_START_FAILED', 'The CPU loaded the enclave in another mode.');
  return Object.freeze({ mrEnclave, mrSigner, productId: isvProdId, securityVersion: isvSvn, debug });
}
