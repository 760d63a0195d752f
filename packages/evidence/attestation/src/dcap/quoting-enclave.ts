import type { P256Certificate } from '../x509/p256-certificate.ts';
import { concatBytes, equalBytes } from '@enclos/codec';
import type { Quote, QuoteSignature } from '@enclos/sgx';
import { isPublicKey, sha256, verifySignature, type Steps } from '../crypto/crypto-steps.ts';
import type { EnclaveIdentity } from './tcb/enclave-identity.ts';
import { refuse } from '../refusal/refusal.ts';

/** Step 17: the PCK vouches for the quoting enclave. */
export function* verifyQeReportSignature(signature: QuoteSignature, { publicKey }: P256Certificate): Steps<void> {
  if (!(yield* verifySignature(publicKey, signature.qeReportSignature, signature.qeReportBytes))) {
    refuse(
      'qe-report-signature',
      'INVALID_QE_REPORT_SIGNATURE',
      'The report of the quoting enclave is not signed by the PCK.',
    );
  }
}

/** Step 18: the quoting enclave vouches for the attestation key. */
export function* verifyQeReportBinding({ attestationKey, qeAuthData, qeReport }: QuoteSignature): Steps<void> {
  const digest = yield* sha256(concatBytes(attestationKey, qeAuthData));
  if (!equalBytes(digest, qeReport.reportData.subarray(0, 32))) {
    refuse(
      'qe-report-binding',
      'INVALID_QE_REPORT_DATA',
      'The report of the quoting enclave is for another attestation key.',
    );
  }
}

/** Step 19. QVL EnclaveReportVerifier: the masked report equals the identity's values, which are not masked. */
export function matchQeIdentity(
  { body, signature: { qeReport, qeReportBytes } }: Quote,
  identity: EnclaveIdentity,
): void {
  const mismatch = (what: string): never =>
    refuse('qe-identity-match', 'QE_IDENTITY_MISMATCH', `The quoting enclave has another ${what} than its identity.`);
  if (identity.id !== (body.type === 'sgx' ? 'QE' : 'TD_QE')) mismatch('role');
  if (!equalBytes(masked(qeReportBytes.subarray(16, 20), identity.miscSelectMask), identity.miscSelect)) {
    mismatch('MISCSELECT');
  }
  if (!equalBytes(masked(qeReportBytes.subarray(48, 64), identity.attributesMask), identity.attributes)) {
    mismatch('ATTRIBUTES');
  }
  if (!equalBytes(qeReport.mrSigner, identity.mrSigner)) mismatch('MRSIGNER');
  if (qeReport.isvProdId !== identity.isvProdId) mismatch('ISVPRODID');
}

function masked(bytes: Uint8Array, mask: Uint8Array): Uint8Array {
  return bytes.map((byte, index) => byte & (mask[index] ?? 0));
}

/** Step 20: the attestation key signed header and body. Done for every quote. */
export function* verifyQuoteSignature({ signature, signedBytes }: Quote): Steps<void> {
  const step = 'quote-signature';
  const { attestationKey, isvSignature } = signature;
  if (yield* verifySignature(attestationKey, isvSignature, signedBytes)) return;
  // Under what is not a key no signature verifies.
  if (!(yield* isPublicKey(attestationKey))) {
    refuse(step, 'UNSUPPORTED_QUOTE_FORMAT', 'The attestation key is not a point of P-256.');
  }
  refuse(step, 'INVALID_QUOTE_SIGNATURE', 'The quote is not signed by its attestation key.');
}
