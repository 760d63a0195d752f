import { status, type ServiceError } from '@grpc/grpc-js';
import { EnclosError } from '@enclos/errors';
import { callSocket } from '../grpc/call-socket.ts';
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
  const request: RegisterRequest = {
    version: apiVersion,
    endpoint,
    resource_name: resourceName,
    options: pluginOptions,
  };
  try {
    const service = definitions.registration;
    await callSocket({ socketPath: kubeletSocket, service, method: 'Register', request, timeoutMs });
    return true;
  } catch (error) {
    if (isAbsence(error)) return false;
    const { code } = error as Partial<ServiceError>;
    const why = code === undefined ? '' : ` (gRPC status ${code})`;
    throw new EnclosError('AGENT_KUBELET_REFUSED', `The kubelet refused ${resourceName}${why}.`, { cause: error });
  }
}

function isAbsence(error: unknown): boolean {
  const { code } = error as Partial<ServiceError>;
  return code === status.UNAVAILABLE || code === status.DEADLINE_EXCEEDED || code === status.CANCELLED;
}
