import { toHex } from '@enclos/codec';
import { isJsonObject, type JsonValue } from '@enclos/codec/json';
import { misused } from '../refusal/refusal.ts';
import type { AttestKind } from './attest.ts';
import { checkState, type StoredState } from './claim-rules.ts';
import { orElse, refuseToken } from './errors.ts';
import { emptyJws, hashOf, maximumPolicyJwsBytes, payloadOf, policyHashOf, policyTextOf } from './policy.ts';
import { sendForToken, type Call } from './transport.ts';
import type { TokenFacts } from './token/verified-token.ts';
import { verifyGenuine, type Verifier } from './token/verify-token.ts';
import { leafOfJwk } from './keys/leaf-certificate.ts';

/** What a change left behind. */
export interface ManagementResult {
  /** `x-enclos-state` after it, of an Enclos service: attestation tokens that show an older one were made without it. */
  readonly state: StoredState | undefined;
}

export interface StoredPolicy {
  /** Undefined when there is none, as after a reset. Whether the JWS is signed well was for the service to check. */
  readonly text: string | undefined;
  /** What attestation tokens say in `x-ms-policy-hash` for it. */
  readonly policyHash: string | undefined;
  /** The JWS that was stored. */
  readonly jws: string;
  /** Set by Enclos services. */
  readonly state: StoredState | undefined;
}

/** A token about policies may hold one, and does in base64url. */
const maximumBytes = Math.ceil((4 * maximumPolicyJwsBytes) / 3) + 65_536;
const maximumAgeMs = 300_000;

export async function getPolicy(kind: AttestKind, verifier: Verifier): Promise<StoredPolicy> {
  const { claims } = await manage({ method: 'GET', path: `/policies/${kind}` }, verifier);
  const jws = claims['x-ms-policy'];
  if (typeof jws !== 'string') return refuseToken('result', 'The token about the policy holds none.');
  const text = orElse(
    () => policyTextOf(jws),
    (cause) => refuseToken('result', 'The policy in the token is not a JWS with a policy.', cause),
  );
  const policyHash = text === undefined ? undefined : await policyHashOf(text, verifier.settings.subtle);
  return Object.freeze({ text, policyHash, jws, state: checkState(claims, {}) });
}

/** The service says that it did it, and to exactly this JWS. */
export async function setPolicy(kind: AttestKind, jws: string, verifier: Verifier): Promise<ManagementResult> {
  return change(jws, { method: 'PUT', path: `/policies/${kind}`, result: 'Updated' }, verifier);
}

export async function resetPolicy(
  kind: AttestKind,
  jws: string | undefined,
  verifier: Verifier,
): Promise<ManagementResult> {
  return change(jws ?? emptyJws, { method: 'POST', path: `/policies/${kind}:reset`, result: 'Removed' }, verifier);
}

async function change(
  jws: string,
  { result, ...call }: { readonly method: 'POST' | 'PUT'; readonly path: string; readonly result: string },
  verifier: Verifier,
): Promise<ManagementResult> {
  checkJws(jws);
  const { claims } = await manage({ ...call, contentType: 'text/plain', body: jws }, verifier);
  if (claims['x-ms-policy-result'] !== result) {
    refuseToken('result', `The service does not say that the policy is ${result.toLowerCase()}.`);
  }
  const hash = claims['x-ms-policy-token-hash'];
  // A reset has nothing to hash in some versions.
  const isLeftOut = hash === undefined && result === 'Removed';
  if (!isLeftOut && hash !== (await hashOf(jws, verifier.settings.subtle))) {
    refuseToken('result', 'The service says that it did this to another policy.');
  }
  return Object.freeze({ state: checkState(claims, {}) });
}

/** The leaves, DER. */
export async function listCertificates(verifier: Verifier): Promise<readonly Uint8Array[]> {
  const { claims } = await manage({ method: 'GET', path: '/certificates' }, verifier);
  const listed = claims['x-ms-policy-certificates'];
  const keys = isJsonObject(listed) ? listed['keys'] : undefined;
  if (!Array.isArray(keys)) return refuseToken('result', 'The token about the certificates has no list of them.');
  return Object.freeze(
    (keys as readonly JsonValue[]).map((jwk) =>
      orElse(
        () => leafOfJwk(jwk),
        (cause) => refuseToken('result', 'A listed key has no certificate.', cause),
      ),
    ),
  );
}

export async function changeCertificate(
  action: 'add' | 'remove',
  jws: string,
  verifier: Verifier,
): Promise<ManagementResult> {
  checkJws(jws);
  const payload = orElse(
    () => payloadOf(jws),
    (cause) => misused('The payload of the JWS is not strict JSON.', cause),
  );
  const certificate = orElse(
    () => leafOfJwk(payload?.['policyCertificate']),
    (cause) => misused('The JWS is not about a policyCertificate with x5c.', cause),
  );
  const { claims } = await manage(
    { method: 'POST', path: `/certificates:${action}`, contentType: 'application/json', body: JSON.stringify(jws) },
    verifier,
  );
  if (claims['x-ms-certificate-result'] !== (action === 'add' ? 'IsPresent' : 'IsAbsent')) {
    refuseToken('result', 'The service does not say that the certificate is there, or gone, as it was asked.');
  }
  const thumbprint = claims['x-ms-certificate-thumbprint'];
  const digest = await verifier.settings.subtle.digest('SHA-1', certificate);
  if (typeof thumbprint !== 'string' || thumbprint.toLowerCase() !== toHex(new Uint8Array(digest))) {
    refuseToken('result', 'The service says that it did this to another certificate.');
  }
  return Object.freeze({ state: checkState(claims, {}) });
}

async function manage(call: Omit<Call, 'bearer' | 'maximumBytes'>, verifier: Verifier): Promise<TokenFacts> {
  const { settings } = verifier;
  if (settings.credential === undefined) {
    return misused('Policies and certificates are managed with a credential: give the client one.');
  }
  const bearer = await settings.credential();
  // RFC 6750 section 2.1.
  if (typeof bearer !== 'string' || !/^[A-Za-z0-9._~+/-]+=*$/.test(bearer)) {
    return misused('The credential did not give a bearer token.');
  }
  const path = `${call.path}?api-version=${settings.apiVersion}`;
  const token = await sendForToken({ ...call, path, bearer, maximumBytes: maximumBytes + 1024 }, settings);
  return verifyGenuine(token, verifier, { maximumBytes, maximumAgeMs });
}

function checkJws(jws: string): void {
  if (jws.length > maximumPolicyJwsBytes || !/^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*$/.test(jws)) {
    misused('Not a JWS in compact form: unsignedPolicy makes one, and so does any JOSE library.');
  }
}
