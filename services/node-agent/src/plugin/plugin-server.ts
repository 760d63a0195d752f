import { type handleServerStreamingCall, type handleUnaryCall, type UntypedServiceImplementation } from '@grpc/grpc-js';
import { sendLatest } from '@enclos/bounded';
import { createDeadline } from '../grpc/deadline.ts';
import { grpcError } from '../grpc/grpc-error.ts';
import { serveSocket, type SocketServer } from '../grpc/socket-server.ts';
import type { Definitions } from './definitions.ts';
import type { AllocateRequest, AllocateResponse, DeviceList, PluginOptions } from './messages.ts';
import { allocate, type Resource } from './resource.ts';

/** What this agent implements beside the required calls: nothing. The others answer UNIMPLEMENTED. */
export const pluginOptions: PluginOptions = Object.freeze({
  pre_start_required: false,
  get_preferred_allocation_available: false,
});

export interface PluginServerOptions {
  readonly definitions: Definitions;
  readonly resource: Resource;
  readonly socketPath: string;
  /** Told of every request for devices. */
  readonly allocated: (outcome: 'granted' | 'refused', reason?: unknown) => void;
  /** How long the kubelet waits for an answer at most. */
  readonly answerMs?: number | undefined;
}

/** Serves one resource to the kubelet, on its own socket. @throws AGENT_SOCKET_IN_USE */
export function servePlugin(options: PluginServerOptions): Promise<SocketServer> {
  return serveSocket(options.socketPath, options.definitions.devicePlugin, implementation(options));
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
