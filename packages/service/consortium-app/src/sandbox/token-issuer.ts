import '../errors.ts';
import { utf8 } from '@enclos/codec';
import { boolean, JsonForm, parseJsonBytes, string, type JsonObject, type JsonValue } from '@enclos/codec/json';
import { EnclosError, isEnclosError } from '@enclos/errors';
import type { KvTransaction } from '@enclos/kv';
import { object } from '../bundle/properties.ts';
import { setIssuerKeys } from '../ccf/gov/jwt-keys.ts';

/** Whose tokens the policy `jwt` accepts, and by which keys: what `set_jwt_issuer` of CCF takes. */
export interface TokenIssuer {
  readonly issuer: string;
  /** A key set (RFC 7517 section 5). Each key has a `kid`; `issuer` in it is what tokens must name, as in CCF. */
  readonly jwks: JsonObject;
}

/** The most that a definition may hold. */
export const tokenIssuerBytes = 1_048_576;
const bounds = { maxValues: 16_384, maxDepth: 16 };
const maximumNameLength = 1024;

/**
 * Reads the definition of an issuer: the arguments of `set_jwt_issuer`, or a proposal with that action alone.
 *
 * @example readTokenIssuer(utf8('{"issuer":"https://issuer.example","jwks":{"keys":[…]}}'))
 *
 * @throws TOKEN_ISSUER_INVALID that names what is wrong.
 */
export function readTokenIssuer(bytes: Uint8Array): TokenIssuer {
  const texts: string[] = [];
  const form = argumentsIn(new JsonForm(json(bytes), '', { texts }));
  const issuer = form.required('issuer', string(maximumNameLength)) ?? '';
  const jwks = form.required('jwks', object) ?? {};
  if (form.optional('auto_refresh', boolean) === true) {
    form.problem('auto_refresh', 'must be false: keys are not fetched here. Save what the issuer serves as "jwks".');
  }
  if (texts.length > 0) throw invalid(texts.join('\n  '));
  return { issuer, jwks };
}

function argumentsIn(form: JsonForm): JsonForm {
  const [action] = form.forms('actions', 1);
  return action?.form('args') ?? form;
}

/**
 * Accepts the tokens of an issuer, as `set_jwt_issuer` of CCF's constitution does.
 *
 * @throws TOKEN_ISSUER_INVALID for keys that are none.
 */
export function setTokenIssuer(transaction: KvTransaction, { issuer, jwks }: TokenIssuer): void {
  try {
    const keys = transaction.map('public:ccf.gov.jwt.public_signing_keys_metadata_v2');
    setIssuerKeys(keys, { issuer, keySet: JSON.stringify(jwks) });
  } catch (error) {
    throw invalid(error instanceof Error ? error.message : String(error), error);
  }
  const metadata = JSON.stringify({ issuer, auto_refresh: false });
  transaction.map('public:ccf.gov.jwt.issuers').set(utf8(issuer), utf8(metadata));
}

function json(bytes: Uint8Array): JsonValue {
  try {
    return parseJsonBytes(bytes, tokenIssuerBytes, bounds);
  } catch (error) {
    if (!isEnclosError(error)) throw error;
    throw invalid(`It is not JSON within its bounds. ${error.message}`, error);
  }
}

function invalid(what: string, cause?: unknown): EnclosError {
  return new EnclosError('TOKEN_ISSUER_INVALID', `The issuer of tokens is not valid:\n  ${what}`, { cause });
}
