import { declareErrorsWithAdvice } from '@enclos/errors';
import { advice } from '#advice';

export const manifestErrors = declareErrorsWithAdvice(advice, {
  IMAGE_INVALID: ['usage', 'The image is a measured stream, but its pages do not hold an enclave application.'],
  MANIFEST_INVALID: ['usage', 'The measured manifest breaks a rule.'],
});

declare module '@enclos/errors' {
  interface ErrorCodes extends Record<keyof typeof manifestErrors, true> {}
}
