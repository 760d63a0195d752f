import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { objectsOf, refuses } from './planned.ts';

describe('an enclave that wants its connections passed', () => {
  const https = (transport: 'relayed' | 'passed' | 'either') => ({
    listen: [{ name: 'https', port: 8443, transport }],
    connect: [{ name: 'store', host: 'store.example', port: 443, transport }],
  });
  const identity = { mrEnclave: '01'.repeat(32), mrSigner: '02'.repeat(32), productId: 1, securityVersion: 1 };
  const verified = { digest: `sha256:${'a1'.repeat(32)}`, enclave: identity };

  it('is refused where the host relays all of them, by what says so', () => {
    for (const profile of ['sgx', 'aks-sgx'] as const) {
      refuses(
        'DEPLOY_PROFILE_UNFIT',
        /enclave\.json wants those of "https", "store" passed\..*--relayed/,
        { profile },
        { network: https('passed') },
      );
      refuses(
        'DEPLOY_PROFILE_UNFIT',
        /the image wants those of "https", "store" passed/,
        { profile },
        { verified: { ...verified, network: https('passed') } },
      );
      assert.doesNotThrow(() => objectsOf({ profile }, { network: https('either') }));
    }
  });

  it('is deployed with its relayed image, and on software SGX', () => {
    const relayed = { verified: { ...verified, network: https('relayed') }, network: https('passed') };
    assert.doesNotThrow(() => objectsOf({ profile: 'sgx' }, relayed));
    for (const profile of ['software', 'aks-snp', 'podman'] as const) {
      assert.doesNotThrow(() => objectsOf({ profile }, { network: https('passed') }));
    }
  });

  it('does not matter to pods that start none', () => {
    assert.doesNotThrow(() => objectsOf({ profile: 'sgx', enclave: 'none' }, { network: https('passed') }));
  });
});
