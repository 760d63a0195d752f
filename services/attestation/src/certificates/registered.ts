import type { TenantDocument } from '../state/state.ts';
import { fromBase64 } from '../jose/x5c.ts';
import { readPolicyCertificate, type PolicyCertificate } from './policy-certificate.ts';

/** The policy management certificates of a tenant, in the order in which they came. @throws a CODEC error */
export function registeredCertificates({ certificates }: TenantDocument): readonly PolicyCertificate[] {
  return certificates.map((text) => readPolicyCertificate(fromBase64(text)));
}
