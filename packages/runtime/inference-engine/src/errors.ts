import { declareErrorsWithAdvice } from '@enclos/errors';
import { advice } from '#advice';

export const engineErrors = declareErrorsWithAdvice(advice, {
  ENGINE_INVALID_ARGUMENT: ['usage', 'An option of a pool of engines, of a model or of a run is wrong.'],
  ENGINE_MODEL_UNKNOWN: ['usage', 'The pool does not hold this model, or no longer.'],
  ENGINE_MODEL_REFUSED: ['refused', 'The engine cannot load this model.'],
  ENGINE_INPUT_REFUSED: ['usage', 'The tensors are not the inputs that the model takes.'],
  ENGINE_RUN_FAILED: ['refused', 'The model could not be computed for these inputs.'],
  ENGINE_LIMIT_EXCEEDED: ['refused', 'A model, its inputs, its outputs or its time are above the limits of the model.'],
  ENGINE_BUSY: ['transient', 'Too many runs are already waiting for an engine.'],
  ENGINE_DEADLINE: ['transient', 'The run did not finish before its deadline.'],
  ENGINE_CANCELLED: ['transient', 'The run was cancelled by its caller.'],
  ENGINE_LOST: ['transient', 'The engine ended before it answered. Nothing of the run remains.'],
  ENGINE_UNAVAILABLE: ['transient', 'No engine is running at the moment, or the pool is closed.'],
});

declare module '@enclos/errors' {
  interface ErrorCodes extends Record<keyof typeof engineErrors, true> {}
}
