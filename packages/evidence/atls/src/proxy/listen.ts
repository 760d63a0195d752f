import { once } from 'node:events';
import { isIP, type Server } from 'node:net';
import { listenRefusal } from '@enclos/diagnostics';
import { EnclosError } from '@enclos/errors';
import { listenForOwner, removeDeadSocket } from '@enclos/tee/unix-socket';

/** Where a proxy takes clients: an address of this machine, or a Unix socket that only its user can open. */
export type ProxyAddress =
  | { readonly host: string; readonly port: number; readonly path?: undefined }
  | { readonly path: string; readonly host?: undefined; readonly port?: undefined };

export interface ProxyListenOptions {
  /**
   * Listen on an address that other machines reach. What they send to the proxy is not encrypted, and every program that reaches the address
   * can use the proxy. Default: false.
   */
  readonly allowOtherMachines?: boolean | undefined;
}

/**
 * Makes a server listen for programs of this machine: at an address that other machines do not reach, or at a socket that its user alone
 * can open, in place of one that a killed proxy left.
 *
 * @returns the address with its port.
 * @throws ATLS_PROXY_ADDRESS
 */
export async function listenAt(
  server: Server,
  address: ProxyAddress,
  { allowOtherMachines = false }: ProxyListenOptions,
): Promise<ProxyAddress> {
  if (address.path !== undefined) {
    await clearSocket(address.path);
    await listenForOwner(server, address.path).catch((cause: unknown) => refuse(address.path, cause));
    return address;
  }
  const { host, port } = address;
  if (!allowOtherMachines && !isLoopback(host)) {
    throw refused(`${host} is not a loopback address, so other machines could reach it.`);
  }
  try {
    server.listen(port, host);
    await once(server, 'listening');
  } catch (cause) {
    refuse(`${host}:${port}`, cause);
  }
  const actual = server.address();
  return { host, port: typeof actual === 'object' && actual !== null ? actual.port : port };
}

/** RFC 1122 section 3.2.1.3, RFC 4291 section 2.5.3, RFC 6761 section 6.3. */
function isLoopback(host: string): boolean {
  return host === 'localhost' || (isIP(host) === 4 ? host.startsWith('127.') : host === '::1');
}

/** A proxy that was killed leaves its socket. */
async function clearSocket(path: string): Promise<void> {
  const found = await removeDeadSocket(path);
  if (found === 'file') throw refused(`${path} is there already, and is not a socket.`);
  if (found === 'in-use') throw refused(`Another program listens at ${path}.`);
}

function refuse(where: string, cause: unknown): never {
  throw refused(`The proxy cannot listen at ${where}: ${listenRefusal(cause)}.`, cause);
}

function refused(message: string, cause?: unknown): EnclosError {
  return new EnclosError('ATLS_PROXY_ADDRESS', message, { cause });
}
