import { EnclosError } from '@enclos/errors';
import { isDigest, type Digest } from '../digest.ts';

/** An image in a registry. */
export interface ImageReference {
  /** Host, and port where there is one. */
  readonly host: string;
  /** `team/vault`. */
  readonly name: string;
  readonly tag: string | undefined;
  readonly digest: Digest | undefined;
}

/** The grammars of the distribution specification 1.1, "Pulling manifests". */
const namePattern = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/;
const tagPattern = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/;
const hostPattern = /^(?:\[[0-9a-fA-F:]+\]|[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?)(?::\d{1,5})?$/;
const maxNameLength = 255;

/**
 * Reads `HOST[:PORT]/NAME[:TAG][@DIGEST]`. The host has to be there: no registry is meant when none is named.
 * @throws OCI_REFERENCE_INVALID
 */
export function parseReference(text: string): ImageReference {
  const [named = '', digest, ...more] = text.split('@');
  const slash = named.indexOf('/');
  const host = named.slice(0, Math.max(0, slash));
  const rest = named.slice(slash + 1);
  const colon = rest.lastIndexOf(':');
  const [name, tag] = colon < 0 ? [rest, undefined] : [rest.slice(0, colon), rest.slice(colon + 1)];
  const isHost = host === 'localhost' || /[.:]/.test(host);
  if (more.length > 0 || !isHost || !hostPattern.test(host)) return invalid(text);
  if (name.length > maxNameLength || !namePattern.test(name)) return invalid(text);
  if (tag !== undefined && !tagPattern.test(tag)) return invalid(text);
  if (digest !== undefined && !isDigest(digest)) return invalid(text);
  return Object.freeze({ host, name, tag, digest });
}

/** Whether a text may be a reference rather than a path. */
export function looksLikeReference(text: string): boolean {
  try {
    return parseReference(text) !== undefined;
  } catch {
    return false;
  }
}

function invalid(text: string): never {
  throw new EnclosError(
    'OCI_REFERENCE_INVALID',
    `${JSON.stringify(text.slice(0, 300))} is not HOST/NAME:TAG or HOST/NAME@sha256:HEX.`,
  );
}

/** This machine: what goes there passes no network, so it needs no TLS. */
export function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(hostname);
}

export function originOf(host: string): string {
  const scheme = isLoopback(new URL(`http://${host}`).hostname) ? 'http' : 'https';
  return `${scheme}://${host}`;
}
