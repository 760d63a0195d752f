import { EnclosError, isEnclosError } from '@enclos/errors';
import { checkInputs, checkOutputs, chooseOutputs } from './inputs.ts';
import type { ModelEntry } from './model-entry.ts';
import type { EngineSlot } from './slot.ts';

/**
 * Loads a model into an engine and warms it up. The model serves there when the promise resolves.
 * @throws ENGINE_MODEL_REFUSED, ENGINE_LIMIT_EXCEEDED, ENGINE_LOST, and the errors of a run for the runs that warm it up.
 */
export async function loadInto(slot: EngineSlot, model: ModelEntry): Promise<void> {
  const { number, facts } = await slot.send(model, await model.bytes());
  try {
    if (!model.accept(facts)) throw new EnclosError('ENGINE_MODEL_REFUSED', 'Engines describe the model differently.');
    await warmUp(slot, model, number);
  } catch (error) {
    await slot.drop(number);
    throw error;
  }
  slot.serve(model, number);
}

async function warmUp(slot: EngineSlot, model: ModelEntry, number: number): Promise<void> {
  const { signature, limits } = model;
  if (signature === undefined) return;
  const outputs = chooseOutputs(undefined, signature);
  for (const tensors of model.warmUp) {
    const results = await slot.run(number, checkInputs(tensors, signature), {
      outputs,
      maxOutputBytes: limits.maxOutputBytes,
    });
    checkOutputs(results, outputs, signature);
  }
}

/**
 * An error of a run as callers see it. Texts of engines are left out: an engine may have been taken over by a model, and another
 * client's values could stand in them.
 */
export function runError(slot: EngineSlot, error: unknown): EnclosError {
  if (isEnclosError(slot.endReason)) return slot.endReason;
  if (isEnclosError(error, 'ENGINE_LIMIT_EXCEEDED')) {
    const message = 'The outputs are larger than the model may give (limits.maxOutputBytes).';
    return new EnclosError('ENGINE_LIMIT_EXCEEDED', message, { details: { limit: 'maxOutputBytes' } });
  }
  if (isEnclosError(error, 'ENGINE_INPUT_REFUSED')) {
    return new EnclosError('ENGINE_INPUT_REFUSED', 'The engine takes strings in UTF-8 without zero bytes only.');
  }
  if (isEnclosError(error, 'ENGINE_RUN_FAILED')) return new EnclosError('ENGINE_RUN_FAILED');
  return new EnclosError('ENGINE_LOST', undefined, { cause: error });
}

/** An error of loading as callers see it: what the engine says of a model is for the one who loads it. */
export function loadError(slot: EngineSlot, error: unknown): unknown {
  return slot.endReason ?? error;
}
