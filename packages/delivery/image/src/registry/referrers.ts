import { isEnclosError } from '@enclos/errors';
import type { Digest } from '../digest.ts';
import { encodeJson } from '../json.ts';
import { mediaTypes, parseIndex, type Descriptor } from '../oci/documents.ts';
import type { RegistryClient } from './client.ts';

/** Where referrers are listed for registries that do not do so themselves (distribution specification, "Referrers Tag Schema"). */
function fallbackTag(digest: Digest): string {
  return digest.replace(':', '-');
}

/** The manifests known to refer to an image. @throws OCI_DOCUMENT_INVALID, OCI_REGISTRY_* */
export async function listReferrers(client: RegistryClient, digest: Digest): Promise<readonly Descriptor[]> {
  const known = await client.getReferrers(digest);
  return known === undefined ? listFallback(client, digest) : parseIndex(known).manifests;
}

async function listFallback(client: RegistryClient, digest: Digest): Promise<readonly Descriptor[]> {
  try {
    return parseIndex((await client.getManifest(fallbackTag(digest))).bytes).manifests;
  } catch (error) {
    if (isEnclosError(error, 'OCI_NOT_FOUND')) return [];
    throw error;
  }
}

/** Adds to the list under its tag, for a registry that did not note the subject itself. */
export async function addToFallback(
  client: RegistryClient,
  digest: Digest,
  referrers: readonly Descriptor[],
): Promise<void> {
  const before = await listFallback(client, digest);
  const fresh = referrers.filter((referrer) => before.every((other) => other.digest !== referrer.digest));
  if (fresh.length === 0) return;
  const index = { schemaVersion: 2, mediaType: mediaTypes.index, manifests: [...before, ...fresh] };
  await client.putManifest(fallbackTag(digest), encodeJson(index), mediaTypes.index);
}
