import { INTEL_SGX_ROOT, type Subtle } from '@enclos/attestation';
import { toHex } from '@enclos/codec';
import { amdRoots } from '../recognise/amd-roots.ts';
import { node, type ExplainNode } from './nodes.ts';

/** The SHA-256 of some bytes: 32 bytes. */
export type Sha256 = (bytes: Uint8Array) => Uint8Array;

/** SubjectPublicKeyInfo of a P-256 key up to the coordinates (RFC 5480), in hex. */
const p256Prefix = '3059301306072a8648ce3d020106082a8648ce3d03010703420004';

/** Roots by their whole key. */
const knownRoots: ReadonlyMap<string, string> = new Map([
  [`${p256Prefix}${INTEL_SGX_ROOT.publicKey}`, 'the root of Intel, by its key'],
  ...amdRoots.map(({ publicKey, product }) => [publicKey, `the root of AMD for ${product}, by its key`] as const),
]);

/** Which root of a vendor has this key, in words. @param publicKeyInfo SubjectPublicKeyInfo, DER. */
export function knownRoot(publicKeyInfo: Uint8Array): string | undefined {
  return knownRoots.get(toHex(publicKeyInfo));
}

/** A key whose fingerprint is computed later: browsers have no synchronous hash. */
interface KeyNode extends ExplainNode {
  readonly publicKeyInfo: Uint8Array;
}

export function keyNode(publicKeyInfo: Uint8Array): ExplainNode {
  const key: KeyNode = { ...node('public key, SHA-256', '', knownRoot(publicKeyInfo)), publicKeyInfo };
  return key;
}

function isKeyNode(candidate: ExplainNode): candidate is KeyNode {
  return 'publicKeyInfo' in candidate;
}

/** Every key that a fingerprint is wanted of. */
function publicKeysIn(nodes: readonly ExplainNode[]): readonly Uint8Array[] {
  return nodes.flatMap((each) => [
    ...(isKeyNode(each) ? [each.publicKeyInfo] : []),
    ...publicKeysIn(each.children ?? []),
  ]);
}

/** The same nodes, each key with its fingerprint. */
export function withFingerprints(nodes: readonly ExplainNode[], sha256: Sha256): readonly ExplainNode[] {
  return nodes.map((each) => {
    if (isKeyNode(each)) {
      const { publicKeyInfo, ...rest } = each;
      return { ...rest, value: toHex(sha256(publicKeyInfo)) };
    }
    return each.children === undefined ? each : { ...each, children: withFingerprints(each.children, sha256) };
  });
}

/** The same over WebCrypto, where hashes take time. */
export async function withFingerprintsAsync(
  nodes: readonly ExplainNode[],
  subtle: Pick<Subtle, 'digest'> = globalThis.crypto.subtle,
): Promise<readonly ExplainNode[]> {
  const keys = publicKeysIn(nodes);
  const digests = await Promise.all(keys.map((key) => subtle.digest('SHA-256', key)));
  const byKey = new Map(keys.map((key, index) => [key, new Uint8Array(digests[index] ?? [])]));
  return withFingerprints(nodes, (key) => byKey.get(key) ?? new Uint8Array());
}
