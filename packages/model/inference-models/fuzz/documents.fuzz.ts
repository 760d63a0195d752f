import { utf8 } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import { readModelManifest, verifyCatalogue, writeCatalogue } from '../src/index.ts';
import {
  encryptModel,
  openEncryptedModel,
  readEncryptedModel,
  readKeySupply,
  readModelKey,
} from '../src/node/index.ts';
import { signerOf } from '../test/signers.ts';

const signer = signerOf('EdDSA');
const key = new Uint8Array(32);
const model = { name: 'digits', version: '1', digest: 'ab'.repeat(32), sizeBytes: 9, limits: { maxRunMs: 5 } };
const supply = { name: 'digits', digest: model.digest, keySetDigest: model.digest, challenge: model.digest };

export const seeds: readonly Uint8Array[] = [
  utf8(JSON.stringify({ models: [model] })),
  utf8(await writeCatalogue({ version: 1, issued: '2026-11-29T12:00:00Z', models: [model] }, signer)),
  encryptModel(utf8('model'), key, { name: 'digits', keyId: 'k' }),
  utf8('{"kty":"oct","k":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}'),
];

/** Manifests, encrypted models, keys and catalogues of strangers are read, or refused by an error of this package. */
export async function fuzz(data: Uint8Array): Promise<void> {
  const text = new TextDecoder().decode(data);
  const readers = [
    () => readModelManifest(text),
    () => readModelKey(data),
    () => readKeySupply(text, signer.key, supply),
    () => openEncryptedModel(readEncryptedModel(data, { maxBytes: 10_000 }), key, { name: 'digits' }),
    async () => verifyCatalogue(text, { pin: { keys: [signer.key], floor: 0 }, known: undefined }),
  ];
  for (const read of readers) {
    try {
      await read();
    } catch (error) {
      if (!isEnclosError(error) || !error.code.startsWith('MODEL_')) throw error;
    }
  }
}
