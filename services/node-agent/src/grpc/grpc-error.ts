import { status } from '@grpc/grpc-js';
import { isEnclosError } from '@enclos/errors';

/** An error for the kubelet, which shows its words in the pod's events. Words of errors from elsewhere may hold secrets. */
export function grpcError(error: unknown): { readonly code: status; readonly details: string } {
  if (!isEnclosError(error)) return { code: status.INTERNAL, details: 'The node agent failed.' };
  const details = `${error.code}: ${error.message} ${error.next}`;
  return { code: codes[error.code] ?? status.INTERNAL, details };
}

const codes: Readonly<Record<string, status>> = {
  AGENT_DEVICE_UNKNOWN: status.NOT_FOUND,
  AGENT_DEVICE_UNHEALTHY: status.UNAVAILABLE,
  AGENT_ALLOCATION_REFUSED: status.INVALID_ARGUMENT,
  AGENT_CLAIM_REFUSED: status.INVALID_ARGUMENT,
  AGENT_TOO_SLOW: status.DEADLINE_EXCEEDED,
  AGENT_BUSY: status.RESOURCE_EXHAUSTED,
};
