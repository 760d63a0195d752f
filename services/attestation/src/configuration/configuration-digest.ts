import { createHash } from 'node:crypto';
import { toBase64url } from '@enclos/codec';
import { canonicalJson } from '../tokens/canonical-json.ts';
import type { JsonValue } from '@enclos/codec/json';
import type { ServiceConfiguration, TenantConfiguration } from './configuration.ts';

/**
 * SHA-256, base64url, of what a tenant was configured with: the canonical JSON of `{"allowTestSettings", "replicas",
 * "tenant"}`, defaults spelled out, and `replicas` only when there are any: who may write a tenant's state is part of what
 * clients trust. Two files that mean the same have one digest.
 */
export function configurationDigest(
  tenant: TenantConfiguration,
  { allowTestSettings, replicas }: Pick<ServiceConfiguration, 'allowTestSettings' | 'replicas'>,
): string {
  // What was read from JSON can be written as JSON; members that are absent stay so.
  const value = JSON.parse(JSON.stringify({ allowTestSettings, replicas, tenant })) as JsonValue;
  const text = canonicalJson(value);
  return toBase64url(createHash('sha256').update(text).digest());
}
