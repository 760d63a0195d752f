import { decodeUtf8 } from '@enclos/codec/text';
import { EnclosError, isEnclosError } from '@enclos/errors';
import { jsonAnswer } from './answers.ts';
import type { ApiRoute } from './routes.ts';

export interface ModelKeyOptions {
  /** Where owners supply the keys of their models. */
  readonly modelKeys: {
    /** @throws MODEL_KEY_REFUSED */
    challenge(digest: string): string;
    /** Takes a key and loads its model with it. @throws MODEL_KEY_REFUSED, and what keeps the model from being loaded */
    supply(digest: string, text: string): Promise<void>;
    /** What the owner verified evidence of, in hex. */
    keySetDigest(): string;
  };
}

const supplyBytes = 8192;

/** The owner of a model supplies its key: asks for a challenge, signs it with the key, and sends that by a channel that it has attested. */
export function modelKeyRoutes({ modelKeys }: ModelKeyOptions): readonly ApiRoute[] {
  return [
    {
      operation: 'challengeModelOwner',
      method: 'POST',
      path: '/v1/model-keys/{digest}/challenge',
      errors: 'open-inference',
      answer: (_, { digest = '' }) =>
        jsonAnswer(JSON.stringify({ challenge: modelKeys.challenge(digest), keySetDigest: modelKeys.keySetDigest() })),
    },
    {
      operation: 'supplyModelKey',
      method: 'POST',
      path: '/v1/model-keys/{digest}',
      errors: 'open-inference',
      maxBodyBytes: supplyBytes,
      async answer({ body }, { digest = '' }) {
        await modelKeys.supply(digest, textOf(body));
        return jsonAnswer('{}');
      },
    },
  ];
}

function textOf(body: Uint8Array): string {
  try {
    return decodeUtf8(body);
  } catch (error) {
    if (!isEnclosError(error)) throw error;
    throw new EnclosError('MODEL_KEY_REFUSED', 'The message is not a supply of a key.', { details: { rule: 'form' } });
  }
}
