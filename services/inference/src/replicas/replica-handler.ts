import type { HttpHandler } from '@enclos/http';
import type { ServiceHandler } from '../channels/handler.ts';
import { cardPath, cardText, type ReplicaCard } from './card.ts';
import { forwardedForHeader, sessionProbePath } from './routing.ts';
import { modelKeyPath } from './shared-keys.ts';

export interface ReplicaAnswers extends Pick<ServiceHandler, 'fromReplica' | 'hasSession'> {
  /** The key that the owner of a model supplied, where replicas share these. */
  readonly modelKey?: ((digest: string) => Uint8Array | undefined) | undefined;
}

/** What replicas ask: the card, whether a session is here, the key of a model, and what arrived at the wrong one. */
export function replicaHandler(
  { fromReplica, hasSession, modelKey }: ReplicaAnswers,
  own: () => ReplicaCard,
): HttpHandler {
  return async (request, call) => {
    const { method, path, headers } = request;
    if (method === 'GET' && path === cardPath) return { status: 200, body: cardText(own()) };
    if (method === 'GET' && path.startsWith(sessionProbePath)) {
      return { status: hasSession(path.slice(sessionProbePath.length)) ? 204 : 404 };
    }
    if (method === 'GET' && path.startsWith(modelKeyPath)) {
      const body = modelKey?.(path.slice(modelKeyPath.length));
      return body === undefined ? { status: 404 } : { status: 200, body };
    }
    return fromReplica({ ...request, remoteAddress: headers.get(forwardedForHeader) ?? '' }, call);
  };
}
