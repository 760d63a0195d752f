import type { BodyLimit } from '@enclos/http';
import { placeAt } from './routes.ts';

/** For requests that need no body, and for those that are answered with an error anyway. */
const noBodyBytes = 4096;

/** How long the body of a request may be, by its route: known from the head, so nothing else is read, or kept. */
export function bodyLimitOf({ maxBodyBytes }: { readonly maxBodyBytes: number }): BodyLimit {
  return ({ method, path }) => {
    const route = placeAt(path)?.methods.get(method)?.route;
    if (route?.body === undefined) return noBodyBytes;
    return route.body === 'evidence' ? maxBodyBytes : route.body;
  };
}
