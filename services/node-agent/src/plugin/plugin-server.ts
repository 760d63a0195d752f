import { chmod, rm } from 'node:fs/promises';
import {
  Server,
  ServerCredentials,
  status,
  type handleServerStreamingCall,
  type handleUnaryCall,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { EnclosError, isEnclosError } from '@enclos/errors';
import { isListening } from '@enclos/software-sgx/listening';
import type { Definitions } from './definitions.ts';
import { createDeadline } from './deadline.ts';
import { sendLatest } from './latest.ts';
import type { AllocateRequest, AllocateResponse, DeviceList, PluginOptions } from './messages.ts';
import { allocate, type Resource } from './resource.ts';

/** What this agent implements beside the required calls: nothing. The others answer UNIMPLEMENTED. */
export const pluginOptions: PluginOptions = Object.freeze({
  pre_start_required: false,
  get_preferred_allocation_available: false,
});

export interface PluginServer {
  /** Ends the streams and removes the socket. */
  close(): void;
}

export interface PluginServerOptions {
  readonly definitions: Definitions;
  readonly resource: Resource;
  readonly socketPath: string;
  /** Told of every request for devices. */
  readonly allocated: (outcome: 'granted' | 'refused', reason?: unknown) => void;
  /** How long the kubelet waits for an answer at most. */
  readonly answerMs?: number | undefined;
}

/**
 * Serves one resource to the kubelet, on its own socket. What a killed agent left there is removed.
 * @throws AGENT_SOCKET_IN_USE when a living one is there, as while a DaemonSet is rolled out: two that took the socket
 *   from each other would never come to an end.
 */
export async function servePlugin(options: PluginServerOptions): Promise<PluginServer> {
  const { definitions, socketPath } = options;
  if (await isListening(socketPath)) {
    throw new EnclosError('AGENT_SOCKET_IN_USE', `Another process listens at ${socketPath} already.`);
  }
  const server = new Server();
  server.addService(definitions.devicePlugin, implementation(options));
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

function implementation({ resource, allocated, answerMs }: PluginServerOptions): UntypedServiceImplementation {
  const deadline = createDeadline(answerMs);
  const getOptions: handleUnaryCall<object, PluginOptions> = (_call, answer) => answer(null, pluginOptions);
  const listAndWatch: handleServerStreamingCall<object, DeviceList> = (call) => {
    const sender = sendLatest<DeviceList>(call, () => ({ devices: resource.devices() }));
    const stop = resource.watch(() => sender.changed());
    for (const end of ['cancelled', 'close', 'error'] as const) call.once(end, stop);
    sender.changed();
  };
  const serveAllocate: handleUnaryCall<AllocateRequest, AllocateResponse> = (call, answer) => {
    deadline
      .run(() => allocate(resource, call.request))
      .then(
        (response) => {
          allocated('granted');
          answer(null, response);
        },
        (error: unknown) => {
          allocated('refused', error);
          answer(grpcError(error));
        },
      );
  };
  return { GetDevicePluginOptions: getOptions, ListAndWatch: listAndWatch, Allocate: serveAllocate };
}

/** The kubelet shows the message in the pod's events. */
function grpcError(error: unknown): { readonly code: status; readonly details: string } {
  if (!isEnclosError(error)) return { code: status.INTERNAL, details: 'The node agent failed.' };
  const details = `${error.code}: ${error.message} ${error.next}`;
  return { code: codes[error.code] ?? status.INTERNAL, details };
}

const codes: Readonly<Record<string, status>> = {
  AGENT_DEVICE_UNKNOWN: status.NOT_FOUND,
  AGENT_DEVICE_UNHEALTHY: status.UNAVAILABLE,
  AGENT_ALLOCATION_REFUSED: status.INVALID_ARGUMENT,
  AGENT_TOO_SLOW: status.DEADLINE_EXCEEDED,
  AGENT_BUSY: status.RESOURCE_EXHAUSTED,
};
