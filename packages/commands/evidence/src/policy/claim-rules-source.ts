import { decodeUtf8, withoutByteOrderMark } from '@enclos/codec/text';
import { fromBase64url } from '@enclos/codec';
import { EnclosError, isEnclosError } from '@enclos/errors';
import { isRecord, readJson } from '@enclos/evidence';
import { isClaimRules } from './claim-rules.ts';

/** The text of a policy, and what it was in. */
export interface PolicySource {
  readonly text: string;
  /** For people; undefined for a file that is the policy itself. */
  readonly foundIn?: string;
}

/** header.payload.signature, of which the last two may be empty: the JWS that resets a policy has no payload. */
const jwsPattern = /^[A-Za-z0-9_-]+\.([A-Za-z0-9_-]*)\.[A-Za-z0-9_-]*$/;

/**
 * Takes a policy of claim rules out of what Azure Attestation answers to `GET /policies/{type}` (JSON with a token, or
 * the token alone), and out of the JWS in which policies are set. The signatures are not checked.
 *
 * @throws CLI_FILE_INVALID for an answer and a JWS that hold no policy.
 */
export function policySourceOf(path: string, content: string): PolicySource {
  const trimmed = content.trim();
  const json = /^["{]/.test(trimmed) ? readJson(trimmed) : undefined;
  const token = isRecord(json) ? json['token'] : json;
  const jws = (typeof token === 'string' ? token : trimmed).trim();
  const [, payload] = jwsPattern.exec(jws) ?? [];
  if (payload === undefined) return { text: content };
  const claims = claimsOf(payload);
  const isAnswer = claims !== undefined && 'x-ms-policy' in claims;
  if (!isAnswer) return { text: fromJws(path, payload), foundIn: 'a policy JWS' };
  const stored = claims['x-ms-policy'];
  const [, inner = ''] = (typeof stored === 'string' ? jwsPattern.exec(stored) : null) ?? [];
  return { text: fromJws(path, inner), foundIn: 'the answer of an attestation service' };
}

/** RFC 7515 payload {"AttestationPolicy": base64url of the text}; of the preview of 2018 the text itself. */
function fromJws(path: string, payload: string): string {
  const policy = claimsOf(payload)?.['AttestationPolicy'];
  const texts = [typeof policy === 'string' ? textOf(policy) : undefined, textOf(payload)];
  const text = texts.find((each) => each !== undefined && isClaimRules(each));
  if (text !== undefined) return text;
  const message = `${path} is a JWS, or the answer of an attestation service, and holds no policy: the service applies its default.`;
  throw new EnclosError('CLI_FILE_INVALID', message, { details: { path } });
}

function claimsOf(payload: string): Readonly<Record<string, unknown>> | undefined {
  const value = readJson(textOf(payload) ?? '');
  return isRecord(value) ? value : undefined;
}

function textOf(base64url: string): string | undefined {
  try {
    return withoutByteOrderMark(decodeUtf8(fromBase64url(base64url)));
  } catch (error) {
    if (!isEnclosError(error)) throw error;
    return undefined;
  }
}
