import { utf8 } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import { KvStore } from '@enclos/kv';
import { readTokenIssuer } from '../src/index.ts';
import { setTokenIssuer } from '../src/sandbox/token-issuer.ts';

const key = `{"kid":"k","kty":"EC","crv":"P-256","x":"WKn-ZIGevcwGIyyrzFoZNBdaq9_TsqzGl96oc0CWuis","y":"y77t-RvAHRKTsSGdIYUfweuOvwrvDD-Q3Hv5J0fSKbE","issuer":"https://a.example"}`;
const definition = `{"issuer":"https://a.example","auto_refresh":false,"jwks":{"keys":[${key}]}}`;

export const seeds: readonly Uint8Array[] = [
  utf8(definition),
  utf8(`{"actions":[{"name":"set_jwt_issuer","args":${definition}}]}`),
];

/** Any bytes are the definition of an issuer that the tables take, or are refused by name. */
export function fuzz(data: Uint8Array): void {
  const store = new KvStore();
  const transaction = store.begin();
  try {
    setTokenIssuer(transaction, readTokenIssuer(data));
  } catch (error) {
    if (!isEnclosError(error, 'TOKEN_ISSUER_INVALID')) throw error;
  } finally {
    store.discard(transaction);
  }
}
