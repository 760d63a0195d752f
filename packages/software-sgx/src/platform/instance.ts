import { createDispatcher } from '@enclos/edl';
import { equalBytes } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import { readImage, type ReadImage } from '@enclos/manifest';
import { Attribute } from '@enclos/sgx';
import { enclaveChannel, openChannel, type EnclaveExit, type Isolation, type LaunchedIdentity } from '@enclos/tee';
import type { LoadedEnclave } from '../cpu/cpu.ts';
import { spawnEnclave, type EnclaveProcess } from './enclave-process.ts';
import { listenForGate } from './gate-listener.ts';
import { requireIsolation } from './isolation/plan.ts';
import type { PlatformServices } from './services.ts';

export interface InstanceRequest {
  readonly image: Uint8Array;
  readonly signature: Uint8Array;
  readonly debug: boolean;
  readonly isolation: Isolation;
}

/** One enclave from EINIT to EREMOVE. */
export interface Instance {
  readonly identity: LaunchedIdentity;
  readonly gatePath: string;
  readonly exited: Promise<EnclaveExit>;
  /** Kills it, started or not. */
  terminate(): void;
}

const gateTimeoutMs = 10_000;

/**
 * Measures the image, verifies its signature, and gets ready to spawn: the
 * process starts when the host connects to the gate.
 * @throws everything that EINIT, the image reader or the isolation refuse.
 */
export async function prepareInstance(services: PlatformServices, request: InstanceRequest): Promise<Instance> {
  requireIsolation(services.isolation, request.isolation);
  const enclave = services.cpu.load(request.image, request.signature, { debug: request.debug });
  try {
    const image = readImage(request.image);
    checkInterpreter(services, image);
    await services.interpreter.recheck();
    return await awaitGate(services, { enclave, image, debug: request.debug });
  } catch (error) {
    services.cpu.eremove(enclave);
    throw error;
  }
}

/** The manifest says which interpreter the signer measured; this machine must have exactly that one. */
function checkInterpreter({ interpreter }: PlatformServices, image: ReadImage): void {
  const known = image.manifest.interpreter.digests.some((digest) => equalBytes(digest.sha256, interpreter.sha256));
  if (!known) {
    throw new EnclosError(
      'INTERPRETER_MISMATCH',
      `The image was built for Node ${image.manifest.interpreter.version}; this platform has ${interpreter.version}.`,
    );
  }
}

interface Loaded {
  readonly enclave: LoadedEnclave;
  readonly image: ReadImage;
  readonly debug: boolean;
}

async function awaitGate(services: PlatformServices, loaded: Loaded): Promise<Instance> {
  const listener = await listenForGate(services.runtimeFolder);
  let running: EnclaveProcess | undefined;
  const run = async (): Promise<EnclaveExit> => {
    const gate = await listener.accept(gateTimeoutMs);
    running = spawnEnclave({
      interpreterPath: services.interpreter.path,
      isolation: services.isolation,
      image: loaded.image,
      gate,
      debug: loaded.debug,
    });
    serveEnclave(services, loaded.enclave, running);
    return running.exited;
  };
  const exited = run()
    .catch((error: unknown) => neverStarted(error instanceof Error ? error.message : 'The enclave could not start.'))
    .finally(() => {
      listener.close();
      services.cpu.eremove(loaded.enclave);
    });
  return Object.freeze({
    identity: identityOf(loaded),
    gatePath: listener.path,
    exited,
    terminate() {
      listener.close();
      running?.kill();
    },
  });
}

function neverStarted(detail: string): EnclaveExit {
  return { exitCode: undefined, signal: undefined, detail };
}

function identityOf({ enclave, debug }: Loaded): LaunchedIdentity {
  const { mrEnclave, mrSigner, isvProdId, isvSvn, attributes } = enclave.identity;
  const inDebug = (attributes.flags & Attribute.DEBUG) !== 0n;
  if (inDebug !== debug) throw new EnclosError('ENCLAVE_START_FAILED', 'The CPU loaded the enclave in another mode.');
  return Object.freeze({ mrEnclave, mrSigner, productId: isvProdId, securityVersion: isvSvn, debug });
}

/** Answers the enclave on the descriptor that this platform made for it: the connection is the identity. */
function serveEnclave(services: PlatformServices, enclave: LoadedEnclave, running: EnclaveProcess): void {
  const { cpu, quotingEnclave } = services;
  const calls = createDispatcher(enclaveChannel.trusted, {
    report: ({ targetInfo, reportData }) => cpu.ereport(enclave, targetInfo, reportData),
    key: ({ request }) => cpu.egetkey(enclave, request),
    quotingTarget: () => quotingEnclave.targetInfo(),
    quote: ({ report }) => quotingEnclave.quote(report),
  });
  const endpoint = openChannel({
    stream: running.channel,
    initiator: false,
    protocol: enclaveChannel,
    serve: (index, payload) => calls(index, payload, undefined),
  });
  // An enclave that breaks the protocol, or never greets, is ended.
  endpoint.ready.catch(() => running.kill());
  void endpoint.closed.then(() => running.kill());
}
