import type { TenantDocument } from '../document/document.ts';
import { fromBase64 } from '@enclos/codec';
import { readPolicyCertificate, type PolicyCertificate } from '../certificates/policy-certificate.ts';

/** The policy management certificates of a tenant, in the order in which they came. @throws a CODEC error */
export function registeredCertificates({ certificates }: TenantDocument): readonly PolicyCertificate[] {
  return certificates.map((text) => readPolicyCertificate(fromBase64(text)));
}
