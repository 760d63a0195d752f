import { X509Certificate } from 'node:crypto';
import { fromPem, toPem } from '@enclos/codec/pem';
import { isEnclosError } from '@enclos/errors';
import { readPolicyCertificate } from '../certificates/policy-certificate.ts';

const maximumLength = 32_768;

/** One certificate in PEM, again in PEM of one form: a digest must not depend on how its lines break. */
function normalised(text: string, read: (der: Uint8Array) => unknown): string | undefined {
  try {
    const [der, ...others] = fromPem('CERTIFICATE', text, maximumLength);
    if (der === undefined || others.length > 0) return undefined;
    read(der);
    return toPem('CERTIFICATE', der);
  } catch (error) {
    // What OpenSSL throws has a code.
    if (isEnclosError(error) || (error instanceof Error && 'code' in error)) return undefined;
    throw error;
  }
}

/** Undefined for what is not a certificate that may sign policies. */
export function policyPem(text: string): string | undefined {
  return normalised(text, readPolicyCertificate);
}

/** Undefined for what is not a certificate. The caller decides of which kind it must be. */
export function anyPem(text: string): string | undefined {
  return normalised(text, (der) => new X509Certificate(der));
}
