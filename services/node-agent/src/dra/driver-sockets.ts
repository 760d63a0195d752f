import { mkdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { every } from '@enclos/bounded';
import { EnclosError } from '@enclos/errors';
import { serveSocket, type SocketServer } from '../grpc/socket-server.ts';
import type { RegistrationEvents } from '../plugin/registration-events.ts';
import type { DraDefinitions } from './definitions.ts';
import { driverImplementation, registrationImplementation, type DriverCalls } from './driver-server.ts';
import { driverName } from './driver.ts';

export interface DriverSocketsOptions {
  readonly definitions: DraDefinitions;
  /** The folder of the kubelet: /var/lib/kubelet. The same path on the node. */
  readonly kubeletRoot: string;
  readonly calls: DriverCalls;
  readonly events: RegistrationEvents;
  /** How often it looks whether the sockets are there and the same. */
  readonly pollMs?: number;
}

export interface DriverSockets {
  close(): Promise<void>;
}

/**
 * Serves the driver for as long as it is open. The kubelet finds the socket of the registration by itself, also after it was started
 * again, and asks which driver it is.
 */
export function openDriverSockets(options: DriverSocketsOptions): DriverSockets {
  const { definitions, kubeletRoot, calls, events, pollMs = 1000 } = options;
  const endpoint = join(kubeletRoot, 'plugins', driverName, 'dra.sock');
  const registration = join(kubeletRoot, 'plugins_registry', `${driverName}-reg.sock`);
  let servers: readonly SocketServer[] = [];
  let served: string | undefined;
  let isClosed = false;
  const identity = async (): Promise<string> => (await Promise.all([endpoint, registration].map(identityOf))).join(' ');
  const leave = (): void => {
    if (served !== undefined) events.lost();
    served = undefined;
    // First the registration, so that the kubelet forgets the driver before its calls fail.
    for (const server of servers) server.close();
    servers = [];
  };
  const registered = (error: string | undefined): void => {
    if (error === undefined) return events.registered();
    // The words of the kubelet are about this plugin, and bounded by gRPC.
    events.failed(
      new EnclosError('AGENT_KUBELET_REFUSED', `The kubelet refused the DRA driver: ${error.slice(0, 512)}`),
    );
  };
  const keep = async (): Promise<void> => {
    if (isClosed || (served !== undefined && served === (await identity()))) return;
    leave();
    // The folder of registrations is the kubelet's; the other one is this driver's.
    if ((await stat(dirname(registration)).catch(() => undefined)) === undefined) return;
    await mkdir(dirname(endpoint), { recursive: true, mode: 0o750 });
    const plugin = await serveSocket(endpoint, definitions.plugin, driverImplementation(calls));
    servers = [plugin];
    const registrar = registrationImplementation(endpoint, registered);
    servers = [await serveSocket(registration, definitions.registration, registrar), plugin];
    served = await identity();
  };
  const attempt = (): Promise<void> =>
    keep().catch((error: unknown) => {
      leave();
      events.failed(error);
    });
  let running = attempt();
  const stop = every(
    pollMs,
    () => {
      running = running.then(attempt);
      return running;
    },
    events.failed,
  );
  return Object.freeze({
    async close() {
      isClosed = true;
      stop();
      await running;
      leave();
    },
  });
}

async function identityOf(path: string): Promise<string> {
  const found = await stat(path).catch(() => undefined);
  return found === undefined ? 'none' : `${found.ino}-${found.ctimeMs}`;
}
