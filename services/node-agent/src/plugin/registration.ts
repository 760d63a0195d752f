import { Client, credentials, status, type ServiceError } from '@grpc/grpc-js';
import { EnclosError } from '@enclos/errors';
import type { Definitions } from './definitions.ts';
import { apiVersion, type RegisterRequest } from './messages.ts';
import { pluginOptions } from './plugin-server.ts';

export interface RegistrationTarget {
  readonly definitions: Definitions;
  readonly kubeletSocket: string;
  readonly resourceName: string;
  /** The name of the plugin's socket, in the same folder. */
  readonly endpoint: string;
  readonly timeoutMs: number;
}

/**
 * Tells the kubelet of a plugin.
 * @returns false when no kubelet answers: it may come.
 * @throws AGENT_KUBELET_REFUSED when one answers, and does not want it.
 */
export async function register(target: RegistrationTarget): Promise<boolean> {
  const { definitions, kubeletSocket, resourceName, endpoint, timeoutMs } = target;
  const method = definitions.registration['Register'];
  if (method === undefined) throw new TypeError('The API has no Register.');
  const request: RegisterRequest = {
    version: apiVersion,
    endpoint,
    resource_name: resourceName,
    options: pluginOptions,
  };
  // With new connections for each attempt: those that clients share wait longer and longer after each failure.
  const client = new Client(`unix:${kubeletSocket}`, credentials.createInsecure(), {
    'grpc.use_local_subchannel_pool': 1,
  });
  try {
    await new Promise<void>((resolve, reject) => {
      const { path, requestSerialize, responseDeserialize } = method;
      const deadline = Date.now() + timeoutMs;
      client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, { deadline }, (error) =>
        error === null ? resolve() : reject(error),
      );
    });
    return true;
  } catch (error) {
    if (isAbsence(error)) return false;
    const { code } = error as Partial<ServiceError>;
    const why = code === undefined ? '' : ` (gRPC status ${code})`;
    throw new EnclosError('AGENT_KUBELET_REFUSED', `The kubelet refused ${resourceName}${why}.`, { cause: error });
  } finally {
    client.close();
  }
}

function isAbsence(error: unknown): boolean {
  const { code } = error as Partial<ServiceError>;
  return code === status.UNAVAILABLE || code === status.DEADLINE_EXCEEDED || code === status.CANCELLED;
}
