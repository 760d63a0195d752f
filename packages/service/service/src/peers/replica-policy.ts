import { findPemBlocks } from '@enclos/codec/pem';
import { decodeLatin1 } from '@enclos/codec/text';
import { INTEL_SGX_ROOT, softwareRoot, type SgxPolicy, type SgxVerdict, type TrustedRoot } from '@enclos/attestation';
import { Attribute, parseQuote } from '@enclos/sgx';

/**
 * Which enclaves are replicas of this one. `enclave`: those of the same MRENCLAVE. `signer`: those of the same signer and
 * product, at least of this security version (default: that of the replica which asks); for updates that keep the service up.
 */
export type ReplicaRule =
  | { readonly by: 'enclave' }
  | { readonly by: 'signer'; readonly minimumSecurityVersion?: number };

/** Statuses that no policy can accept. */
type Unacceptable = 'REVOKED' | 'TCB_NOT_SUPPORTED';

/**
 * Under which roots a replica's evidence may be.
 *
 * @param platform what this replica knows of its own platform from the table of capabilities inside, never from a quote: a
 * host may hand an enclave on hardware the quote of a software platform that it made itself.
 * @param ownQuote of this replica. On software it comes from the platform, which the enclave trusts as its processor.
 */
export async function replicaRoots(
  platform: 'hardware' | 'software',
  ownQuote: Uint8Array,
): Promise<readonly TrustedRoot[]> {
  if (platform === 'hardware') return [INTEL_SGX_ROOT];
  const chain = decodeLatin1(parseQuote(ownQuote).signature.certificationData);
  // The root is the last one of the PCK chain.
  return [await softwareRoot(findPemBlocks(chain, 8).at(-1)?.bytes ?? new Uint8Array())];
}

/**
 * What another enclave must be to be a replica: the same image, or another of the signer as the rule says, on a platform that
 * is at least as good as ours: status and advisories are what a client accepts in us or does not.
 *
 * @param own the verdict on a quote of this replica.
 */
export function replicaPolicy(own: SgxVerdict, rule: ReplicaRule): SgxPolicy {
  const { report, status, root, advisoryIds } = own;
  const common = {
    tee: 'sgx',
    acceptedStatuses: isUnacceptable(status) ? (['OK'] as const) : [...new Set(['OK', status] as const)],
    acceptedAdvisoryIds: advisoryIds,
    intelRoot: root.kind === 'intel',
    softwareRoots: root.kind === 'software' ? [root.fingerprint] : [],
    allowDebug: (report.attributes.flags & Attribute.DEBUG) !== 0n,
  } as const;
  const minimumSecurityVersion = rule.by === 'signer' ? (rule.minimumSecurityVersion ?? report.isvSvn) : report.isvSvn;
  if (rule.by === 'enclave') return { ...common, mrEnclave: [report.mrEnclave], minimumSecurityVersion };
  return { ...common, mrSigner: [report.mrSigner], productId: report.isvProdId, minimumSecurityVersion };
}

function isUnacceptable(status: SgxVerdict['status']): status is Unacceptable {
  return status === 'REVOKED' || status === 'TCB_NOT_SUPPORTED';
}
