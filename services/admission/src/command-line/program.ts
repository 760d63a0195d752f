import type { Program } from '@enclos/command-line';
import { EnclosError } from '@enclos/errors';

export const program: Program = {
  name: 'enclos-admission',
  summary: 'The admission webhook of Enclos: gives pods that ask for enclaves what they need.',
  refuse(message, usage) {
    throw new EnclosError('ADMISSION_USAGE', message, usage === undefined ? {} : { details: { usage } });
  },
};
