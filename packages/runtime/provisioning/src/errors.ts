import { declareErrors } from '@enclos/errors';

export const platformErrors = declareErrors({
  ENROLMENT_REFUSED: [
    'refused',
    'The enrolment request or the issued certificate is not acceptable.',
    'Make a new request on the machine itself and have the vendor issue it again.',
  ],
  PCK_UNKNOWN: [
    'usage',
    'The vendor never issued a certificate with this serial number.',
    'Take the serial number from the PCK certificate of the machine, as hex, and ask the vendor that issued it.',
  ],
});

declare module '@enclos/errors' {
  interface ErrorCodes extends Record<keyof typeof platformErrors, true> {}
}
