import {
  appraise,
  parseCollateral,
  verifyQuote,
  type SgxEvidence,
  type SgxPolicy,
  type TrustedRoot,
} from '@enclos/attestation';
import { unpackCertificate } from '@enclos/atls/certificate';

/** What a relying party knows of an attestation service: as docs/how-to/verify-a-token.md has it. */
export interface KnownService {
  /** The digest of the tenant's configuration. */
  readonly configuration: string;
  readonly policy: SgxPolicy;
  readonly roots: readonly TrustedRoot[];
  readonly collateralFor: (quote: Uint8Array) => Promise<unknown>;
}

/** @param issuer in whose name the key signs; `#tls` behind it for the key of TLS */
export async function appraiseServiceKey(
  certificate: Uint8Array,
  issuer: string,
  { configuration, policy, roots, collateralFor }: KnownService,
): Promise<SgxEvidence> {
  const { quote, boundReportData, own } = await unpackCertificate(certificate);
  const [reportData] = boundReportData;
  if (own?.role !== 'token-signer' || own.issuer !== issuer || reportData === undefined) {
    throw new Error('This key is not for tokens of this issuer.');
  }
  if (own.configuration !== configuration) throw new Error('This key is for another configuration.');
  const now = new Date();
  const verdict = await verifyQuote(quote, parseCollateral(await collateralFor(quote)), { roots, now });
  if (verdict.tee !== 'sgx') throw new Error('This is no enclave of SGX.');
  return appraise(verdict, policy, { reportData }, { now });
}
