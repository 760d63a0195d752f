import { equalBytes } from '@enclos/codec';
import { isIssuedBy, readLedgerCertificate, type LedgerCertificate } from '../signature/certificate.ts';
import type { ProofTools } from '../signature/node-signature.ts';
import { unproven } from '../signature/refusal.ts';

/** The service that vouches for the certificate of a node. */
export interface NodeEndorsement {
  readonly node: LedgerCertificate;
  /** One of those that the caller trusts. */
  readonly service: LedgerCertificate;
  /** Earlier identities of the service between the two, the earliest first: it was recovered as often. */
  readonly earlier: readonly LedgerCertificate[];
}

/**
 * Verifies that a service issued the certificate of a node, itself or through its earlier identities: after a recovery the new
 * identity issues a certificate for the key of the one before.
 *
 * @param chain PEM, or DER: `service_endorsements` of a receipt, the identity that issued the node's certificate first.
 * @param services those that the caller trusts.
 * @throws LEDGER_UNPROVEN with the rule `certificate` or `endorsement`.
 */
export async function verifyNodeCertificate(
  node: LedgerCertificate,
  chain: readonly (string | Uint8Array)[],
  services: readonly LedgerCertificate[],
  { subtle }: ProofTools,
): Promise<NodeEndorsement> {
  const earlier: LedgerCertificate[] = [];
  let current = node;
  for (const encoded of chain) {
    const issuer = readLedgerCertificate(encoded);
    if (!(await isIssuedBy(current, issuer, subtle))) {
      unproven('endorsement', 'A certificate of the chain of endorsements did not issue the one before it.');
    }
    earlier.push(issuer);
    current = issuer;
  }
  for (const service of services) {
    if (await isIssuedBy(current, service, subtle)) return { node, service, earlier };
    // The chain may end with the trusted identity itself, as a certificate of the same key.
    if (current !== node && equalBytes(current.key.spki, service.key.spki)) return { node, service, earlier };
  }
  return unproven(
    'certificate',
    chain.length === 0
      ? 'The certificate of the node is not issued by the service. What is from before a recovery needs the certificate that the service had then.'
      : 'The last certificate of the chain of endorsements is not issued by the service.',
  );
}
