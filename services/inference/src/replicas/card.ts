import '../errors.ts';
import { integer, JsonForm, meaning, parseJson } from '@enclos/codec/json';
import { EnclosError, isEnclosError } from '@enclos/errors';
import { replicaForm } from '@enclos/receipts';

/** What a replica tells another one about itself, after each has appraised the other. */
export interface ReplicaCard {
  /** A name for its life: 16 random bytes in base64url. */
  readonly replica: string;
  /** SHA-256 of the measured manifest of models, in hex. */
  readonly modelManifestDigest: string;
  /** The keys that it opens requests with, as requests name them. */
  readonly keys: readonly KeyLabel[];
}

export interface KeyLabel {
  readonly kem: number;
  readonly keyId: number;
}

/** Where a replica asks another one for its card. */
export const cardPath = '/replica';
export const maximumCardBytes = 16_384;
const maximumKeys = 64;

const replicaName = meaning('the name of a replica', (text) => (replicaForm.test(text) ? text : undefined));
const digest = meaning('32 bytes in hex', (text) => (/^[0-9a-f]{64}$/.test(text) ? text : undefined));

export function cardText({ replica, modelManifestDigest, keys }: ReplicaCard): string {
  return JSON.stringify({ replica, modelManifestDigest, keys: keys.map(({ kem, keyId }) => ({ kem, keyId })) });
}

/** @throws INFERENCE_REPLICA_REFUSED */
export function readCard(text: string): ReplicaCard {
  const problems = { texts: [] };
  try {
    const form = new JsonForm(parseJson(text, maximumCardBytes), '', problems);
    const card: ReplicaCard = {
      replica: form.required('replica', replicaName) ?? '',
      modelManifestDigest: form.required('modelManifestDigest', digest) ?? '',
      keys: form.forms('keys', maximumKeys).map(readLabel),
    };
    form.end();
    return problems.texts.length === 0 ? Object.freeze(card) : refuseReplica('card');
  } catch (error) {
    if (!isEnclosError(error) || isEnclosError(error, 'INFERENCE_REPLICA_REFUSED')) throw error;
    return refuseReplica('card', error);
  }
}

function readLabel(form: JsonForm): KeyLabel {
  const label = {
    kem: form.required('kem', integer(0, 65_535)) ?? 0,
    keyId: form.required('keyId', integer(0, 255)) ?? 0,
  };
  form.end();
  return Object.freeze(label);
}

/** @throws INFERENCE_REPLICA_REFUSED always. */
export function refuseReplica(rule: 'card' | 'models', cause?: unknown): never {
  throw new EnclosError('INFERENCE_REPLICA_REFUSED', undefined, { details: { rule }, cause });
}
