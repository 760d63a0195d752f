import type { HttpHandler } from '@enclos/http';
import type { ServiceHandler } from '../channels/handler.ts';
import { cardPath, cardText, type ReplicaCard } from './card.ts';
import { forwardedForHeader, sessionProbePath } from './routing.ts';

/** What replicas ask: the card, whether a session is here, and what arrived at the wrong one. */
export function replicaHandler(
  { fromReplica, hasSession }: Pick<ServiceHandler, 'fromReplica' | 'hasSession'>,
  own: () => ReplicaCard,
): HttpHandler {
  return async (request, call) => {
    const { method, path, headers } = request;
    if (method === 'GET' && path === cardPath) return { status: 200, body: cardText(own()) };
    if (method === 'GET' && path.startsWith(sessionProbePath)) {
      return { status: hasSession(path.slice(sessionProbePath.length)) ? 204 : 404 };
    }
    return fromReplica({ ...request, remoteAddress: headers.get(forwardedForHeader) ?? '' }, call);
  };
}
