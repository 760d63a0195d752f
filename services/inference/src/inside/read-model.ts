import { createHash } from 'node:crypto';
import { EnclosError } from '@enclos/errors';
import type { ModelEntry } from '@enclos/inference-models';
import { modelPartBytes } from '../inference.edl.ts';

/** Asks the host for a part of a model's file. */
export type ModelParts = (part: {
  readonly name: string;
  readonly version: string;
  readonly offset: bigint;
  readonly sizeBytes: number;
}) => Promise<Uint8Array>;

/**
 * The bytes of a model, copied from the host and hashed here: it is the measured one, or none.
 * @throws INFERENCE_MODEL_REFUSED
 */
export async function readModel(
  { name, version, digest, sizeBytes }: ModelEntry,
  parts: ModelParts,
): Promise<Uint8Array> {
  const copy = new Uint8Array(sizeBytes);
  for (let at = 0; at < sizeBytes;) {
    const wanted = Math.min(modelPartBytes, sizeBytes - at);
    const part = await parts({ name, version, offset: BigInt(at), sizeBytes: wanted });
    if (part.length === 0 || part.length > wanted) refuse(name, version);
    copy.set(part, at);
    at += part.length;
  }
  if (createHash('sha256').update(copy).digest('hex') !== digest) refuse(name, version);
  return copy;
}

function refuse(name: string, version: string): never {
  throw new EnclosError('INFERENCE_MODEL_REFUSED', `The host's file of the model ${name} ${version} is another one.`);
}
