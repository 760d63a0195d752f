import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import type { InferenceClient } from '@enclos/inference-client';
import { supplyModelKey } from '@enclos/inference-client/node';
import { writeModel } from '@enclos/inference-models/graphs';
import { encryptModel, modelDigestSync } from '@enclos/inference-models/node';
import { jwkOf, signatureKeyOfSpki } from '@enclos/jose';
import { tensorOf } from '@enclos/open-inference';

/** A model that its owner gives to attested enclaves alone. */
export interface SecretModel {
  /** For the manifest of models. */
  readonly entry: object;
  /** As the host has it, and its name there. */
  readonly file: { readonly name: string; readonly bytes: Uint8Array };
  /** A piece of its weights, and its key: neither is anywhere else. */
  readonly markers: readonly [weights: Buffer, key: Buffer];
  /** Gives its key to the service, and asks the model once. */
  use(client: InferenceClient, url: string): Promise<void>;
}

const name = 'secret';
const elements = 256;

export function createSecretModel(): SecretModel {
  const weights = new Uint8Array(randomBytes(4 * elements));
  // Numbers, whatever their bytes: the exponent of each is that of a number below 2.
  for (let at = 3; at < weights.length; at += 4) weights[at] = 0x3f;
  const values = new Float32Array(weights.buffer);
  const plain = writeModel({
    nodes: [{ operator: 'Mul', inputs: ['x', 'w'], outputs: ['y'] }],
    inputs: [{ name: 'x', datatype: 'FP32', shape: [elements] }],
    outputs: [{ name: 'y', datatype: 'FP32', shape: [elements] }],
    initializers: [tensorOf('w', 'FP32', values)],
  });
  const key = new Uint8Array(randomBytes(32));
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const verifies = signatureKeyOfSpki(new Uint8Array(publicKey.export({ type: 'spki', format: 'der' })));
  const owner = {
    algorithm: 'EdDSA',
    key: verifies,
    sign: (input: Uint8Array) => new Uint8Array(sign(null, input, privateKey)),
  } as const;
  const digest = modelDigestSync(plain);
  return Object.freeze<SecretModel>({
    entry: { name, version: '1', digest, sizeBytes: plain.length, owner: jwkOf(verifies) },
    file: { name: `${name}-1.onnx.jwe`, bytes: encryptModel(plain, key, { name }) },
    markers: [Buffer.from(weights.subarray(0, 64)), Buffer.from(key)],
    async use(client, url) {
      await supplyModelKey(client, { url, name, digest, key, owner });
      await client.infer({ model: name, inputs: [tensorOf('x', 'FP32', new Float32Array(elements).fill(2))] });
    },
  });
}
