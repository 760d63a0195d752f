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
  /** The address at which a host program listens, for all of its ports. `enclos deploy` sets it for pods that declare ports. */
  listenAddress: 'ENCLOS_LISTEN_ADDRESS',
});

export interface HostEnvironment {
  readonly image: Uint8Array;
  readonly signature: Uint8Array;
  readonly launcher: SoftwareLauncher;
  readonly isolation: Isolation;
  readonly sourceMap: string | undefined;
  readonly developerTool: DeveloperTool | undefined;
  /**
   * Where to listen: 127.0.0.1, or the address in ENCLOS_LISTEN_ADDRESS. `loadEnclave` uses it for the listeners of the enclave; use it for the
   * program's own too, so that they are reachable in a pod and nowhere else.
   */
  readonly listenAddress: string;
}

/**
 * What `enclos run` prepared: spread it into {@link loadEnclave}'s options.
 * @throws HOST_ENVIRONMENT_MISSING naming the variable.
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

async function readEnvironment(env: NodeJS.ProcessEnv): Promise<HostEnvironment> {
  const isolation = env[hostVariables.isolation] ?? 'strict';
  if (isolation !== 'strict' && isolation !== 'best') {
    throw new EnclosError('HOST_ENVIRONMENT_MISSING', `${hostVariables.isolation} must be "strict" or "best".`);
  }
  const listenAddress = env[hostVariables.listenAddress] ?? loopbackAddress;
  if (isIP(listenAddress) === 0) {
    const message = `${hostVariables.listenAddress} must be an IP address, such as 127.0.0.1 or 0.0.0.0.`;
    throw new EnclosError('HOST_ENVIRONMENT_MISSING', message);
  }
  const [image, signature] = await Promise.all([readNamed(env, 'image'), readNamed(env, 'signature')]);
  const launcher = await connectSoftwarePlatform(need(env, 'platform'));
  return {
    image,
    signature,
    launcher,
    isolation,
    sourceMap: await readSourceMap(env[hostVariables.sourceMap]),
    developerTool: await findTool(env),
    listenAddress,
  };
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
  const socketPath = env[hostVariables.tool];
  if (socketPath === undefined) return undefined;
  return connectDeveloperTool({ socketPath, inspects: env[hostVariables.inspect] === '1' });
}

function need(env: NodeJS.ProcessEnv, which: keyof typeof hostVariables): string {
  const value = env[hostVariables[which]];
  if (value === undefined) throw new EnclosError('HOST_ENVIRONMENT_MISSING', `${hostVariables[which]} is not set.`);
  return value;
}
