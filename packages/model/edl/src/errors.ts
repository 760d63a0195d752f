import { declareErrorsWithAdvice } from '@enclos/errors';
import { advice } from '#advice';

export const edlErrors = declareErrorsWithAdvice(advice, {
  EDL_INVALID_INTERFACE: ['usage', 'An interface, or a type in it, is not defined correctly.'],
  EDL_VALUE_REFUSED: ['usage', 'A value does not fit its declared type or bounds.'],
  EDL_UNKNOWN_FUNCTION: ['usage', 'The interface has no function with this index.'],
});

declare module '@enclos/errors' {
  interface ErrorCodes extends Record<keyof typeof edlErrors, true> {}
}
