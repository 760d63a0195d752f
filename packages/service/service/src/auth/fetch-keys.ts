import type { TLSSocket } from 'node:tls';
import { underDeadline } from '@enclos/bounded';
import { decodeUtf8 } from '@enclos/codec/text';
import { connect } from '@enclos/enclave';
import { isJsonObject, parseJson } from '@enclos/codec/json';
import { httpGet } from '@enclos/http';
import { EnclosError } from '@enclos/errors';
import '../errors.ts';
import { secureClient } from '../tls/tls-client.ts';
import type { FetchKeys } from './identity.ts';

const limits = Object.freeze({ timeoutMs: 10_000, maxBytes: 262_144 });

/**
 * Keys of an OpenID Connect issuer (OpenID Connect Discovery 1.0 section 4), over
 * TLS that ends in here. Which machine is reached is the host's choice; only one
 * with a certificate for the issuer's name, under the roots of the configuration,
 * is listened to.
 */
export const fetchKeys: FetchKeys = async (issuer, { certificateAuthorities }) => {
  const base = new URL(issuer);
  const get = (path: string): Promise<string> => getText(base, path, certificateAuthorities);
  const path = `${base.pathname.replace(/\/+$/, '')}/.well-known/openid-configuration`;
  const document = parseJson(await get(path), limits.maxBytes);
  if (!isJsonObject(document) || document['issuer'] !== issuer) throw unusable('names another issuer');
  const place = document['jwks_uri'];
  if (typeof place !== 'string' || !URL.canParse(place)) throw unusable('names no jwks_uri');
  const keys = new URL(place);
  // There is one destination, and its roots are for this name.
  if (keys.origin !== base.origin) throw unusable('has its keys at another origin');
  return get(keys.pathname + keys.search);
};

/** Within one time limit for the connection, the handshake and the answer. */
function getText(base: URL, path: string, authorities: readonly string[]): Promise<string> {
  return underDeadline(limits.timeoutMs, async (signal) => {
    const socket = await secured(base.hostname, authorities, signal);
    const { status, body } = await httpGet(socket, { host: base.host, path, ...limits, signal });
    if (status !== 200) throw unusable(`answers with status ${status}`);
    return decodeUtf8(body);
  });
}

async function secured(serverName: string, authorities: readonly string[], signal: AbortSignal): Promise<TLSSocket> {
  const connection = await connect('identity-provider', { signal });
  try {
    return await secureClient(connection, { serverName, authorities, signal });
  } catch (cause) {
    throw unusable('cannot be reached over TLS with a certificate of its name', cause);
  }
}

function unusable(what: string, cause?: unknown): EnclosError {
  return new EnclosError('SERVICE_IDENTITY_PROVIDER', `The identity provider ${what}.`, { cause });
}
