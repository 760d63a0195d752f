import { status } from '@grpc/grpc-js';
import { isEnclosError } from '@enclos/errors';

/** An error for the kubelet, which shows its words in the pod's events. Words of errors from elsewhere may hold secrets. */
export function grpcError(error: unknown): { readonly code: status; readonly details: string } {
  const code = isEnclosError(error) ? codes[error.code] : undefined;
  return { code: code ?? status.INTERNAL, details: wordsOf(error) };
}

/** What the kubelet shows. */
export function wordsOf(error: unknown): string {
  return isEnclosError(error) ? `${error.code}: ${error.message} ${error.next}` : 'The node agent failed.';
}

const codes: Readonly<Record<string, status>> = {
  AGENT_DEVICE_UNKNOWN: status.NOT_FOUND,
  AGENT_DEVICE_UNHEALTHY: status.UNAVAILABLE,
  AGENT_ALLOCATION_REFUSED: status.INVALID_ARGUMENT,
  AGENT_CLAIM_REFUSED: status.INVALID_ARGUMENT,
  AGENT_TOO_SLOW: status.DEADLINE_EXCEEDED,
  AGENT_BUSY: status.RESOURCE_EXHAUSTED,
};
