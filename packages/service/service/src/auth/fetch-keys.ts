import { connect as secure, type TLSSocket } from 'node:tls';
import { connect } from '@enclos/enclave';
import { httpGet } from '@enclos/http';
import { isJsonObject, parseJson } from '@enclos/attestation/json';
import type { EnclosError } from '@enclos/errors';
import { serviceError } from '../errors.ts';
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

async function getText(base: URL, path: string, authorities: readonly string[]): Promise<string> {
  const socket = await secured(base.hostname, authorities);
  const { status, body } = await httpGet(socket, { host: base.host, path, ...limits });
  if (status !== 200) throw unusable(`answers with status ${status}`);
  return new TextDecoder('utf-8', { fatal: true }).decode(body);
}

async function secured(servername: string, authorities: readonly string[]): Promise<TLSSocket> {
  const connection = await connect('identity-provider', { signal: AbortSignal.timeout(limits.timeoutMs) });
  return new Promise((resolve, reject) => {
    const socket = secure({ socket: connection, servername, ca: [...authorities], minVersion: 'TLSv1.2' });
    const fail = (cause?: unknown): void => {
      socket.destroy();
      reject(unusable('cannot be reached over TLS with a certificate of its name', cause));
    };
    const timer = setTimeout(fail, limits.timeoutMs);
    socket.on('error', fail);
    socket.once('secureConnect', () => {
      clearTimeout(timer);
      socket.off('error', fail);
      resolve(socket);
    });
  });
}

function unusable(what: string, cause?: unknown): EnclosError {
  return serviceError('SERVICE_IDENTITY_PROVIDER', { message: `The identity provider ${what}.`, cause });
}
