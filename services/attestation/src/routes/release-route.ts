import type { VerifiedToken } from '@enclos/attestation/client';
import { isEnclosError, type EnclosError } from '@enclos/errors';
import type { Call } from './call.ts';
import { invalid, optionalText, readJsonObject } from '@enclos/service/body';
import { Refusal } from '@enclos/service/refusal';
import type { Answer } from '@enclos/service/routes';
import { stateClaim } from './policy-routes.ts';
import {
  evaluateRelease,
  isWrapAlgorithm,
  parseReleasePolicy,
  releaseKeyOf,
  usualAlgorithm,
  wrapSecret,
  type WrapAlgorithm,
  type WrappedSecret,
} from '../release/index.ts';
import { secretNamePattern } from '../document/document.ts';
import { maximumTokenLength, verifyOwnToken } from '../secrets/own-token.ts';
import { noSuchSecret, secretsOf } from './secret-routes.ts';
import type { OpenedSecret } from '../secrets/tenant-secrets.ts';

interface ReleaseRequest {
  readonly name: string;
  readonly target: string;
  readonly algorithm: WrapAlgorithm | undefined;
  readonly nonce: string | undefined;
}

const members = ['kid', 'target', 'enc', 'nonce'];
const maximumNonce = 4096;
/** The body of POST /key/release: a token, a nonce, and what is around them. */
export const maximumReleaseBody = maximumTokenLength + 32_768;
/** The answer is for this caller only. */
const validityMinutes = 5;

/**
 * POST /key/release: `value` is a token of the tenant, of the shape that Azure's answer has, with the secret wrapped to the
 * key that the evidence binds.
 */
export async function releaseSecret(call: Call): Promise<Answer> {
  const secrets = secretsOf(call);
  const asked = readReleaseBody(call);
  const token = await told(asked.name, undefined, () => verifyOwnToken(asked.target, call.tenant, call.options.now));
  const opened = await secrets.open(asked.name);
  if (opened === undefined) throw noSuchSecret(asked.name);
  const { algorithm, wrapped } = await told(asked.name, token, () => wrapFor(asked, token, opened));
  const value = await call.tenant.signer.sign(
    {
      'x-enclos-secret-result': 'Released',
      request: { kid: asked.name, enc: algorithm, ...(asked.nonce === undefined ? {} : { nonce: asked.nonce }) },
      response: { key: { key: { kid: asked.name, kty: 'oct', ...wrappedMember(wrapped) } } },
      ...stateClaim(opened.snapshot),
    },
    { validityMinutes },
  );
  return { body: { value }, facts: { ...factsOf(token), secret: asked.name } };
}

function readReleaseBody({ request }: Call): ReleaseRequest {
  const body = readJsonObject(request.body, { maxBytes: maximumReleaseBody, maxValues: members.length, members });
  const name = optionalText(body, 'kid', 127);
  if (name === undefined || !secretNamePattern.test(name)) throw invalid('The body has no kid, the name of a secret.');
  const target = optionalText(body, 'target', maximumTokenLength);
  if (target === undefined) throw invalid('The body has no target, a token of this service.');
  const algorithm = optionalText(body, 'enc', 64);
  if (algorithm !== undefined && !isWrapAlgorithm(algorithm)) {
    throw invalid('enc is not an algorithm that is known here.');
  }
  return { name, target, algorithm, nonce: optionalText(body, 'nonce', maximumNonce) };
}

interface WrappedAnswer {
  readonly algorithm: WrapAlgorithm;
  readonly wrapped: WrappedSecret;
}

/** Nothing is wrapped before the policy holds, and nothing stays in memory whatever happens. */
async function wrapFor(asked: ReleaseRequest, token: VerifiedToken, opened: OpenedSecret): Promise<WrappedAnswer> {
  try {
    evaluateRelease(parseReleasePolicy(opened.policy), token);
    const key = releaseKeyOf(token);
    const algorithm = asked.algorithm ?? usualAlgorithm(key);
    return { algorithm, wrapped: wrapSecret(opened.secret, key, algorithm) };
  } finally {
    opened.secret.fill(0);
  }
}

/** `key_hsm` as Azure has it: base64url of the JSON of a transfer blob. A JWE has another name. */
function wrappedMember({ form, text }: WrappedSecret): { readonly key_hsm: string } | { readonly jwe: string } {
  return form === 'jwe' ? { jwe: text } : { key_hsm: Buffer.from(text).toString('base64url') };
}

function factsOf({ attestationType, platform, sgx, snp, tdx }: VerifiedToken): NonNullable<Answer['facts']> {
  const measurement = sgx?.mrEnclave ?? snp?.measurement ?? tdx?.mrTd;
  return {
    attestationType,
    platform: platform ?? 'hardware',
    ...(measurement === undefined ? {} : { measurement }),
  };
}

/** What refuses a release, as the caller is told; the log also learns of what and to whom. */
async function told<T>(secret: string, token: VerifiedToken | undefined, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isEnclosError(error)) throw error;
    const who = token === undefined ? {} : factsOf(token);
    throw refusalOf(error, { secret, ...(who.measurement === undefined ? {} : { measurement: who.measurement }) });
  }
}

function refusalOf(error: EnclosError, facts: Readonly<Record<string, string>>): EnclosError {
  const { code, message, details } = error;
  switch (code) {
    case 'TOKEN_REFUSED':
    case 'TOKEN_NOT_ACCEPTED':
      return new Refusal('SERVICE_FORBIDDEN', `The token is not accepted. ${message}`, {
        cause: error,
        explanation: { rule: 'token', reason: details['rule'], ...facts },
      });
    case 'RELEASE_REFUSED':
      return new Refusal('SERVICE_FORBIDDEN', 'The release policy of the secret does not hold for the token.', {
        cause: error,
        explanation: { rule: 'release-policy', reasons: details['reasons'], ...facts },
      });
    case 'RELEASE_KEY_REFUSED':
      return new Refusal('SERVICE_REQUEST_INVALID', message, {
        cause: error,
        explanation: { rule: 'release-key', reason: details['rule'], ...facts },
      });
    default:
      return error;
  }
}
