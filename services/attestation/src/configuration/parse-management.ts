import { isJsonObject, type JsonObject, type JsonValue } from '@enclos/codec/json';
import { isEnclosError } from '@enclos/errors';
import { keySetOf, type BearerConfiguration, type IdentityConfiguration } from '@enclos/service/auth';
import type { Fields } from './configuration-fields.ts';
import { anyPem } from './pem.ts';

export function readManagement(fields: Fields | undefined): IdentityConfiguration {
  if (fields === undefined) return Object.freeze({});
  const bearer = readBearer(fields.fields('bearer'));
  const clientCertificates = fields.texts('clientCertificates', 'the SHA-256 of a certificate in hex', fingerprint);
  fields.end();
  return Object.freeze({
    ...(bearer === undefined ? {} : { bearer }),
    ...(clientCertificates.length === 0 ? {} : { clientCertificates }),
  });
}

function readBearer(fields: Fields | undefined): BearerConfiguration | undefined {
  if (fields === undefined) return undefined;
  fields.require('issuer', 'audience');
  const issuer = fields.text('issuer', 'the https URL that tokens have as iss', httpsUrl);
  const audience = fields.texts('audience', 'a text in printable ASCII without quotation marks', quotable);
  if (fields.has('audience') && fields.isEmptyList('audience')) fields.problem('audience', 'must name one.');
  const keys = readKeys(fields);
  const certificateAuthorities = fields.texts('certificateAuthorities', 'one certificate in PEM', anyPem);
  const requiredClaims = fields.map('requiredClaims');
  if (!fields.has('keys') && certificateAuthorities.length === 0) {
    fields.problem('certificateAuthorities', 'must name the roots of the issuer, or keys its keys.');
  }
  fields.end();
  if (issuer === undefined) return undefined;
  return Object.freeze({
    issuer,
    audience,
    ...(keys === undefined ? {} : { keys }),
    ...(certificateAuthorities.length === 0 ? {} : { certificateAuthorities }),
    ...(requiredClaims === undefined ? {} : { requiredClaims }),
  });
}

/** A JWKS: every key in it must be one that can verify, since somebody chose them. */
function readKeys(fields: Fields): BearerConfiguration['keys'] {
  const value = fields.raw('keys');
  if (value === undefined) return undefined;
  const list = isJsonObject(value) ? value['keys'] : undefined;
  const problem = problemOfKeys(list);
  if (problem === undefined && Array.isArray(list)) return { keys: list as readonly JsonObject[] };
  fields.problem('keys', problem ?? 'must be a JWKS.');
  return undefined;
}

function problemOfKeys(list: JsonValue | undefined): string | undefined {
  if (!Array.isArray(list) || list.length === 0) return 'must be a JWKS with at least one key.';
  const keys = list as readonly JsonValue[];
  if (keys.some((key) => isJsonObject(key) && ('d' in key || 'k' in key))) return 'must hold public keys only.';
  try {
    if (keySetOf(keys).size === keys.length) return undefined;
  } catch (error) {
    if (!isEnclosError(error)) throw error;
    return error.message;
  }
  return 'must hold only RSA keys of 2048 to 8192 bits and EC keys on NIST curves, for signatures, each with a kid.';
}

function httpsUrl(text: string): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return url?.protocol === 'https:' && url.username === '' && url.hash === '' ? quotable(text) : undefined;
}

/** They are shown between quotation marks in a header. */
function quotable(text: string): string | undefined {
  return /^[\x21\x23-\x5b\x5d-\x7e]{1,256}$/.test(text) ? text : undefined;
}

/** Lower-case hex; OpenSSL prints upper case with colons. */
function fingerprint(text: string): string | undefined {
  const hex = text.replaceAll(':', '').toLowerCase();
  return /^[0-9a-f]{64}$/.test(hex) ? hex : undefined;
}
