import {
  anything,
  isJsonArray,
  isJsonObject,
  meaning,
  type JsonForm,
  type JsonObject,
  type JsonRule,
  type JsonValue,
} from '@enclos/codec/json';
import { isEnclosError } from '@enclos/errors';
import { keySetOf, type BearerConfiguration, type IdentityConfiguration } from '@enclos/service/auth';
import { maximumItems } from './configuration.ts';
import { anyPem } from './pem.ts';

/** An object whose names are free. */
const texts: JsonRule<Readonly<Record<string, string>>> = {
  expected: 'an object of strings',
  read: (value) => (isTexts(value) ? value : undefined),
};

export function readManagement(form: JsonForm | undefined): IdentityConfiguration {
  if (form === undefined) return Object.freeze({});
  const bearer = readBearer(form.form('bearer'));
  const clientCertificates = form.items(
    'clientCertificates',
    meaning('the SHA-256 of a certificate in hex', fingerprint),
    maximumItems,
  );
  form.end();
  return Object.freeze({
    ...(bearer === undefined ? {} : { bearer }),
    ...(clientCertificates.length === 0 ? {} : { clientCertificates }),
  });
}

function readBearer(form: JsonForm | undefined): BearerConfiguration | undefined {
  if (form === undefined) return undefined;
  const issuer = form.required('issuer', meaning('the https URL that tokens have as iss', httpsUrl));
  const audience = form.items(
    'audience',
    meaning('a text in printable ASCII without quotation marks', quotable),
    maximumItems,
  );
  form.required('audience', anything);
  if (form.has('audience') && form.isEmptyArray('audience')) form.problem('audience', 'must name one.');
  const keys = readKeys(form);
  const certificateAuthorities = form.items(
    'certificateAuthorities',
    meaning('one certificate in PEM', anyPem),
    maximumItems,
  );
  const requiredClaims = form.optional('requiredClaims', texts);
  if (!form.has('keys') && certificateAuthorities.length === 0) {
    form.problem('certificateAuthorities', 'must name the roots of the issuer, or keys its keys.');
  }
  form.end();
  if (issuer === undefined) return undefined;
  return Object.freeze({
    issuer,
    audience,
    ...(keys === undefined ? {} : { keys }),
    ...(certificateAuthorities.length === 0 ? {} : { certificateAuthorities }),
    ...(requiredClaims === undefined ? {} : { requiredClaims }),
  });
}

/** A JWKS: every key in it must be one that can verify, since the operator chose them. */
function readKeys(form: JsonForm): BearerConfiguration['keys'] {
  const value = form.optional('keys', anything);
  if (value === undefined) return undefined;
  const list = isJsonObject(value) ? value['keys'] : undefined;
  const problem = problemOfKeys(list);
  if (problem === undefined && isJsonArray(list)) return { keys: list as readonly JsonObject[] };
  form.problem('keys', problem ?? 'must be a JWKS.');
  return undefined;
}

function problemOfKeys(list: JsonValue | undefined): string | undefined {
  if (!isJsonArray(list) || list.length === 0) return 'must be a JWKS with at least one key.';
  if (list.some((key) => isJsonObject(key) && ('d' in key || 'k' in key))) return 'must hold public keys only.';
  try {
    if (keySetOf(list).size === list.length) return undefined;
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

function isTexts(value: unknown): value is Readonly<Record<string, string>> {
  return (
    isJsonObject(value as JsonValue) && Object.values(value as JsonObject).every((item) => typeof item === 'string')
  );
}
