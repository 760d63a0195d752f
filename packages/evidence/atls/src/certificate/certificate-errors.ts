import { declareErrors, EnclosError, isEnclosError } from '@enclos/errors';

export const atlsCertificateErrors = declareErrors({
  ATLS_CERTIFICATE_INVALID: [
    'evidence',
    'The certificate of the peer is missing or holds no evidence for its key.',
    'Do not trust the peer. details.rule names what is wrong.',
  ],
});

declare module '@enclos/errors' {
  interface ErrorCodes extends Record<keyof typeof atlsCertificateErrors, true> {}
}

/** @throws ATLS_CERTIFICATE_INVALID always. */
export function refuseCertificate(rule: string, cause?: unknown): never {
  throw new EnclosError('ATLS_CERTIFICATE_INVALID', undefined, { details: { rule }, cause });
}

/** Runs a parser; what the codecs refuse becomes what `refusal` throws, with their error as the cause. */
export function orElse<T>(parse: () => T, refusal: (cause: EnclosError) => never): T {
  try {
    return parse();
  } catch (error) {
    if (!isEnclosError(error) || !error.code.startsWith('CODEC_')) throw error;
    return refusal(error);
  }
}
