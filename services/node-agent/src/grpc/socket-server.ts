import { chmod, rm } from 'node:fs/promises';
import { Server, ServerCredentials, type ServiceDefinition, type UntypedServiceImplementation } from '@grpc/grpc-js';
import { EnclosError } from '@enclos/errors';
import { isListening } from '@enclos/tee/unix-socket';

export interface SocketServer {
  /** Ends the streams and removes the socket. */
  close(): void;
}

/**
 * Serves the kubelet on a socket. What a killed agent left there is removed.
 * @param socketPath in a folder that only root can write to
 * @throws AGENT_SOCKET_IN_USE when a living one is there, as while a DaemonSet is rolled out: two that took the socket
 *   from each other would never come to an end.
 */
export async function serveSocket(
  socketPath: string,
  definition: ServiceDefinition,
  implementation: UntypedServiceImplementation,
): Promise<SocketServer> {
  if (await isListening(socketPath)) {
    throw new EnclosError('AGENT_SOCKET_IN_USE', `Another process listens at ${socketPath} already.`);
  }
  const server = new Server();
  server.addService(definition, implementation);
  await rm(socketPath, { force: true });
  await new Promise<void>((resolve, reject) => {
    server.bindAsync(`unix:${socketPath}`, ServerCredentials.createInsecure(), (error) =>
      error === null ? resolve() : reject(error),
    );
  });
  // The folder is root's already; so is the socket.
  await chmod(socketPath, 0o600);
  return Object.freeze({
    // Not gracefully: the kubelet's stream never ends by itself. The name of the socket goes with it.
    close: () => server.forceShutdown(),
  });
}
