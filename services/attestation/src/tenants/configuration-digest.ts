import { createHash } from 'node:crypto';
import { toBase64url } from '@enclos/codec';
import { canonicalJson } from './canonical-json.ts';
import type { ServiceConfiguration, TenantConfiguration } from './configuration.ts';

/**
 * SHA-256, base64url, of what a tenant was configured with: the canonical JSON of `{"allowTestSettings", "tenant"}`,
 * defaults spelled out. Two files that mean the same have one digest.
 */
export function configurationDigest(
  tenant: TenantConfiguration,
  { allowTestSettings }: Pick<ServiceConfiguration, 'allowTestSettings'>,
): string {
  const text = canonicalJson({ allowTestSettings, tenant });
  return toBase64url(createHash('sha256').update(text).digest());
}
