import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { unreadableReason } from '@enclos/diagnostics';
import { EnclosError } from '@enclos/errors';
import { enter } from './report/entrance.ts';
import { connectDeveloperTool, type DeveloperTool } from './debug/developer-tool.ts';
import { loopbackAddress } from './services/addresses.ts';
import { connectSoftwarePlatform, type Isolation, type SoftwareLauncher } from '@enclos/tee';

/** The variables that `enclos run`, an image or a manifest of `enclos deploy` gives to a host program. */
export const hostVariables = Object.freeze({
  /** Unix socket of the platform process. */
  platform: 'ENCLOS_PLATFORM',
  /** How long to wait for a platform that does not answer: seconds, 0 to 3600. Default 30. */
  platformWait: 'ENCLOS_PLATFORM_WAIT',
  image: 'ENCLOS_IMAGE',
  signature: 'ENCLOS_SIGNATURE',
  /** `strict` (default) or `best`. */
  isolation: 'ENCLOS_ISOLATION',
  /** Source map of the image: NAME.map. */
  sourceMap: 'ENCLOS_SOURCE_MAP',
  /** Unix socket of `enclos dev` or `enclos debug`. */
  tool: 'ENCLOS_TOOL',
  /** `1`: the tool inspects debug enclaves. */
  inspect: 'ENCLOS_INSPECT',
  /** Unix socket of `enclos run`, which learns what runs and changes nothing. */
  observer: 'ENCLOS_OBSERVER',
  /** The address at which a host program listens, for all of its ports. `enclos deploy` sets it for pods that declare ports. */
  listenAddress: 'ENCLOS_LISTEN_ADDRESS',
});

/** A node agent that is restarted is there again after about a second; one whose image has to be pulled, after some more. */
const defaultWaitMs = 30_000;
const maxWaitSeconds = 3600;

/** The platform that a host program has, and how it starts enclaves there. */
export interface PlatformEnvironment {
  readonly launcher: SoftwareLauncher;
  /** Connects again, with the same wait: `superviseEnclave` uses it when the platform was replaced. */
  readonly reconnect: (signal?: AbortSignal) => Promise<SoftwareLauncher>;
  readonly isolation: Isolation;
  /**
   * Where to listen: 127.0.0.1, or the address in ENCLOS_LISTEN_ADDRESS. `loadEnclave` uses it for the listeners of the enclave; use it for the
   * program's own too, so that they are reachable in a pod and nowhere else.
   */
  readonly listenAddress: string;
}

export interface HostEnvironment extends PlatformEnvironment {
  readonly image: Uint8Array;
  readonly signature: Uint8Array;
  /** Where the files of companions are: NAME.files beside the image, which is there if it has any. */
  readonly companionFiles?: string | undefined;
  readonly sourceMap: string | undefined;
  readonly developerTool: DeveloperTool | undefined;
}

/**
 * What `enclos run` prepared: spread it into {@link loadEnclave}'s options. While the platform does not answer, it says so once
 * on standard error, and waits for up to ENCLOS_PLATFORM_WAIT seconds.
 * @throws HOST_ENVIRONMENT_MISSING naming the variable, TEE_PLATFORM_UNREACHABLE at the end of the wait
 * @example
 * import { createServer } from 'node:http';
 * import { fromEnvironment } from '@enclos/host';
 *
 * const { listenAddress } = await fromEnvironment();
 * createServer((_request, response) => response.end('ok')).listen(8080, listenAddress);
 */
export async function fromEnvironment(env: NodeJS.ProcessEnv = process.env): Promise<HostEnvironment> {
  return await enter(fromEnvironment, () => readEnvironment(env));
}

/**
 * The platform of {@link fromEnvironment} alone, for programs whose enclave is not of a project, such as the signed file of another SDK.
 * @throws HOST_ENVIRONMENT_MISSING naming the variable, TEE_PLATFORM_UNREACHABLE at the end of the wait
 * @example
 * import { platformFromEnvironment } from '@enclos/host';
 * import { loadSgxEnclave } from '@enclos/sgx-host';
 *
 * const { launcher, isolation } = await platformFromEnvironment();
 * const image = process.env['ENCLOS_IMAGE'] ?? 'enclave.signed.so';
 * await loadSgxEnclave({ image, edl: 'Enclave.edl', launcher, isolation });
 */
export async function platformFromEnvironment(env: NodeJS.ProcessEnv = process.env): Promise<PlatformEnvironment> {
  return await enter(platformFromEnvironment, async () => {
    const settings = readSettings(env);
    return { ...(await connectPlatform(env)), ...settings };
  });
}

type Settings = Pick<PlatformEnvironment, 'isolation' | 'listenAddress'>;

/** @throws HOST_ENVIRONMENT_MISSING */
function readSettings(env: NodeJS.ProcessEnv): Settings {
  const isolation = env[hostVariables.isolation] ?? 'strict';
  if (isolation !== 'strict' && isolation !== 'best') {
    throw new EnclosError('HOST_ENVIRONMENT_MISSING', `${hostVariables.isolation} must be "strict" or "best".`);
  }
  const listenAddress = env[hostVariables.listenAddress] ?? loopbackAddress;
  if (isIP(listenAddress) === 0) {
    const message = `${hostVariables.listenAddress} must be an IP address, such as 127.0.0.1 or 0.0.0.0.`;
    throw new EnclosError('HOST_ENVIRONMENT_MISSING', message);
  }
  return { isolation, listenAddress };
}

async function connectPlatform(env: NodeJS.ProcessEnv): Promise<Omit<PlatformEnvironment, keyof Settings>> {
  const [socketPath, waitMs] = [need(env, 'platform'), readWait(env)];
  const reconnect = (signal?: AbortSignal): Promise<SoftwareLauncher> =>
    connectSoftwarePlatform(socketPath, { waitMs, waiting: sayWaiting, signal });
  return { launcher: await reconnect(), reconnect };
}

async function readEnvironment(env: NodeJS.ProcessEnv): Promise<HostEnvironment> {
  const settings = readSettings(env);
  const [image, signature] = await Promise.all([readNamed(env, 'image'), readNamed(env, 'signature')]);
  const platform = await connectPlatform(env);
  return {
    image,
    signature,
    companionFiles: `${need(env, 'image').replace(/\.sgxs$/, '')}.files`,
    ...platform,
    ...settings,
    sourceMap: await readSourceMap(env[hostVariables.sourceMap]),
    developerTool: await findTool(env),
  };
}

/** @throws HOST_ENVIRONMENT_MISSING */
function readWait(env: NodeJS.ProcessEnv): number {
  const text = env[hostVariables.platformWait];
  if (text === undefined) return defaultWaitMs;
  const seconds = /^\d{1,4}$/.test(text) ? Number(text) : Number.NaN;
  if (!(seconds <= maxWaitSeconds)) {
    const message = `${hostVariables.platformWait} must be a whole number of seconds, from 0 to ${maxWaitSeconds}.`;
    throw new EnclosError('HOST_ENVIRONMENT_MISSING', message);
  }
  return seconds * 1000;
}

/** On standard error, where people look when a program does not go on: no logger is known yet. */
function sayWaiting(reason: EnclosError, waitMs: number): void {
  process.stderr.write(`Waiting up to ${waitMs / 1000} s for the platform. ${reason.message}\n`);
}

/** @throws HOST_ENVIRONMENT_MISSING */
async function readNamed(env: NodeJS.ProcessEnv, which: 'image' | 'signature'): Promise<Uint8Array> {
  const path = need(env, which);
  try {
    return new Uint8Array(await readFile(path));
  } catch (cause) {
    const message = `${hostVariables[which]} names ${path}, and ${unreadableReason(cause)}.`;
    throw new EnclosError('HOST_ENVIRONMENT_MISSING', message, { details: { path }, cause });
  }
}

/** A missing map is not an error: a trace is useful without it. */
async function readSourceMap(path: string | undefined): Promise<string | undefined> {
  return path === undefined ? undefined : readFile(path, 'utf8').catch(() => undefined);
}

async function findTool(env: NodeJS.ProcessEnv): Promise<DeveloperTool | undefined> {
  const { [hostVariables.tool]: socketPath, [hostVariables.observer]: observerPath } = env;
  if (socketPath !== undefined) {
    return connectDeveloperTool({ socketPath, inspects: env[hostVariables.inspect] === '1', shapesLog: true });
  }
  if (observerPath === undefined) return undefined;
  const observer = connectDeveloperTool({ socketPath: observerPath, inspects: false, shapesLog: false });
  // Nothing depends on it.
  return observer.catch(() => undefined);
}

function need(env: NodeJS.ProcessEnv, which: keyof typeof hostVariables): string {
  const value = env[hostVariables[which]];
  if (value === undefined) throw new EnclosError('HOST_ENVIRONMENT_MISSING', `${hostVariables[which]} is not set.`);
  return value;
}
