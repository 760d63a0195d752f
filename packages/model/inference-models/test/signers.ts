import { generateKeyPairSync, sign } from 'node:crypto';
import { signatureKeyOfSpki, type JwsAlgorithm, type SignatureKey } from '@enclos/jose';

export interface TestSigner {
  readonly algorithm: JwsAlgorithm;
  readonly key: SignatureKey;
  readonly sign: (input: Uint8Array) => Uint8Array;
}

const curves = { ES256: 'P-256', ES384: 'P-384', ES512: 'P-521' } as const;

export function signerOf(algorithm: 'EdDSA' | keyof typeof curves): TestSigner {
  const pair =
    algorithm === 'EdDSA'
      ? generateKeyPairSync('ed25519')
      : generateKeyPairSync('ec', { namedCurve: curves[algorithm] });
  const hash = algorithm === 'EdDSA' ? null : `sha${algorithm.slice(2)}`;
  const options = { key: pair.privateKey, dsaEncoding: 'ieee-p1363' } as const;
  const key = signatureKeyOfSpki(new Uint8Array(pair.publicKey.export({ type: 'spki', format: 'der' })));
  return { algorithm, key, sign: (input) => new Uint8Array(sign(hash, input, options)) };
}
