import { randomBytes } from 'node:crypto';
import { createAttestationClient, type Fetch } from '@enclos/attestation/client';
import { toBase64, toHex, utf8 } from '@enclos/codec';
import { EnclosError, isEnclosError } from '@enclos/errors';
import { createReleaseKeyPair, keyFromKbs, openReleasedKey, type KbsFetch } from '@enclos/inference-models/node';
import { sha256 } from '@enclos/service/state';

export interface KeyServiceOptions<F> {
  /** Origin, https. */
  readonly url: string;
  readonly fetch: F;
  /** The quote of this enclave over 64 bytes. */
  readonly quote: (reportData: Uint8Array) => Promise<Uint8Array>;
}

/** A service that is away answers the next attempt, which comes soon. */
const timeoutMs = 5000;

/** Keys from a Trustee key broker, which appraises a quote of this enclave by its own policy. */
export function brokerKeys({ url, fetch, quote }: KeyServiceOptions<KbsFetch>): (keyId: string) => Promise<Uint8Array> {
  return async (resource) =>
    keyFromKbs({
      url,
      resource,
      tee: 'sgx',
      fetch,
      timeoutMs,
      attest: async ({ reportData }) => ({ quote: toBase64(await quote(reportData)) }),
    });
}

const codes: ReadonlyMap<string, 'MODEL_KEY_REFUSED' | 'MODEL_KEY_SERVICE_UNREACHABLE'> = new Map([
  ['ATTESTATION_SERVICE_UNREACHABLE', 'MODEL_KEY_SERVICE_UNREACHABLE'],
  ['ATTESTATION_SERVICE_FAILED', 'MODEL_KEY_SERVICE_UNREACHABLE'],
  ['ATTESTATION_SERVICE_REFUSED', 'MODEL_KEY_REFUSED'],
]);

/**
 * Keys that an attestation service releases by the policy of the secret. The token is about a key pair that is made for this request, and
 * what comes back opens with it alone. Which service answers is not verified further. One that stands in for it learns what the reports of
 * this enclave tell anyone, and the name of the secret. It cannot give a key that it does not have, and a wrong one opens no model whose
 * digest is measured or signed; what it refuses is asked for again within a minute.
 */
export function releasedKeys({ url, fetch, quote }: KeyServiceOptions<Fetch>): (name: string) => Promise<Uint8Array> {
  return async (name) => {
    const pair = createReleaseKeyPair();
    const data = utf8(JSON.stringify({ keys: [pair.jwk] }));
    const reportData = new Uint8Array(64);
    reportData.set(sha256(data));
    const nonce = (): string => toHex(new Uint8Array(randomBytes(16)));
    // A new client each time: a service that started anew has new keys, and a client would not ask for them again at once.
    const client = createAttestationClient({ endpoint: url, fetch, timeoutMs });
    try {
      const token = await client.attestSgxEnclave({
        evidence: await quote(reportData),
        runtimeData: { data, type: 'json' },
        nonce: nonce(),
        // It is about this enclave. Whether that is good enough is for the policy of the secret to say.
        expect: { acceptedPlatforms: ['software'], allowDebuggable: true, allowTestSettings: true },
      });
      const released = await client.releaseKey({ name, token, algorithm: 'ECDH-ES+A256KW', nonce: nonce() });
      return openReleasedKey(released, pair.privateKey);
    } catch (error) {
      if (!isEnclosError(error) || error.code.startsWith('MODEL_')) throw error;
      const code = codes.get(error.code) ?? 'MODEL_KEY_ANSWER_INVALID';
      throw new EnclosError(code, undefined, { cause: error });
    }
  };
}
