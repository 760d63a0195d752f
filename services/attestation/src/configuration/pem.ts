import { X509Certificate } from 'node:crypto';
import { toPem } from '@enclos/codec/pem';
import { isEnclosError } from '@enclos/errors';
import { readPolicyCertificate } from '../certificates/policy-certificate.ts';
import { fromBase64 } from '../certificates/x5c.ts';

const pemPattern = /^-----BEGIN CERTIFICATE-----\r?\n([A-Za-z0-9+/=\r\n]+)-----END CERTIFICATE-----\s*$/;

/** One certificate in PEM, again in PEM of one form: how its lines break is nothing that a digest should tell. */
function readPem(text: string, read: (der: Uint8Array) => unknown): string | undefined {
  const body = pemPattern.exec(text)?.[1];
  if (body === undefined) return undefined;
  try {
    const der = fromBase64(body.replaceAll(/[\r\n]/g, ''));
    read(der);
    return toPem('CERTIFICATE', der);
  } catch (error) {
    // What OpenSSL throws has a code.
    if (isEnclosError(error) || (error instanceof Error && 'code' in error)) return undefined;
    throw error;
  }
}

/** Undefined for what is no certificate that may sign policies. */
export function policyPem(text: string): string | undefined {
  return readPem(text, readPolicyCertificate);
}

/** Undefined for what is no certificate. Which kind it must be is for who uses it. */
export function anyPem(text: string): string | undefined {
  return readPem(text, (der) => new X509Certificate(der));
}
