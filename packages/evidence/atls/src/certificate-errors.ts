import { EnclosError, isEnclosError } from '@enclos/errors';
import { atlsCertificateErrors } from '@enclos/errors/atls-certificate';

/** @throws ATLS_CERTIFICATE_INVALID always. */
export function refuseCertificate(rule: string, cause?: unknown): never {
  const entry = atlsCertificateErrors.ATLS_CERTIFICATE_INVALID;
  throw new EnclosError('ATLS_CERTIFICATE_INVALID', entry.summary, { details: { rule }, cause, entry });
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
