import type { ScriptValue } from '@enclos/script';

import type { Extension } from '../../session/extension.ts';
import { needBytes, needText } from '../../session/values.ts';
import { isCertificateBundle, isCertificateChain } from './certificates.ts';
import { jwkToPem, pemToJwk } from './key-forms.ts';
import { aesKey, digestOf, ecdsaPair, eddsaPair, rsaPair } from './keys.ts';
import { cryptoPrelude } from './prelude.ts';
import { signData, verifyData, type SigningAlgorithm } from './signatures.ts';
import { unwrapKey, wrapKey, type WrappingAlgorithm } from './wrapping.ts';

const signing = (name: ScriptValue, hash: ScriptValue, saltLength: ScriptValue): SigningAlgorithm => ({
  name: needText(name),
  hash: needText(hash),
  saltLength: Number(saltLength),
});

const wrapping = (name: ScriptValue, label: ScriptValue, bits: ScriptValue): WrappingAlgorithm => ({
  name: needText(name),
  label: label === undefined ? undefined : needBytes(label),
  aesKeySize: Number(bits),
});

/** Cryptography on node:crypto. */
export const crypto: Extension = {
  prelude: cryptoPrelude,
  takesLong: true,
  host: ({ checkTime }) => ({
    cryptoSign: (...values) => {
      const [name, hash, key, data, salt] = values;
      return signData(signing(name, hash, salt), needText(key), { data: needBytes(data), checkTime });
    },
    cryptoVerify: (...values) => {
      const [name, hash, key, data, salt, signature] = values;
      const signed = { signature: needBytes(signature), data: needBytes(data), checkTime };
      return verifyData(signing(name, hash, salt), needText(key), signed);
    },
    cryptoDigest: (algorithm, data) => digestOf(needText(algorithm), needBytes(data), checkTime),
    cryptoAesKey: (bits) => aesKey(Number(bits)),
    cryptoRsaPair: (bits, exponent) =>
      rsaPair(Number(bits), exponent === undefined ? undefined : Number(exponent), checkTime),
    cryptoEcdsaPair: (curve) => ecdsaPair(needText(curve)),
    cryptoEddsaPair: (curve) => eddsaPair(needText(curve)),
    cryptoWrap: (...values) => {
      const [name, key, other, label, bits] = values;
      return wrapKey(wrapping(name, label, bits), needBytes(key), needBytes(other));
    },
    cryptoUnwrap: (...values) => {
      const [name, key, other, label, bits] = values;
      return unwrapKey(wrapping(name, label, bits), needBytes(key), needBytes(other));
    },
    cryptoPemToJwk: (kind, pem) => pemToJwk(needText(kind), needText(pem)),
    cryptoJwkToPem: (kind, json) => jwkToPem(needText(kind), needText(json)),
    cryptoBundle: (pem) => isCertificateBundle(needText(pem), checkTime),
    cryptoChain: (chain, trusted) => isCertificateChain(needText(chain), needText(trusted), checkTime),
  }),
};
