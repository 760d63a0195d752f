import type { RevocationList } from '@enclos/codec/x509';
import type { P256Certificate } from './p256-certificate.ts';
import { checkCrlExtensions, namesMatch } from './chain-rules.ts';
import { verifySignature, type Steps } from '../crypto/crypto-steps.ts';
import { refuse } from '../refusal/refusal.ts';
import type { StepId } from '../refusal/steps.ts';

/** A list that `issuer` signed (QVL PckCrlVerifier). Its dates are reported, not checked: see `collateral-dates`. */
export function* verifyRevocationList(crl: RevocationList, issuer: P256Certificate, step: StepId): Steps<void> {
  const name = issuer.subject.commonName;
  if (!namesMatch(crl, issuer)) refuse(step, 'SGX_CRL_UNKNOWN_ISSUER', `The revocation list is not one of ${name}.`);
  if (!checkCrlExtensions(crl, issuer)) {
    refuse(
      step,
      'SGX_CRL_INVALID_EXTENSIONS',
      `The revocation list of ${name} lacks a number, or does not name the key of its issuer.`,
    );
  }
  if (!(yield* verifySignature(issuer.publicKey, crl.signature, crl.signedBytes))) {
    refuse(step, 'SGX_CRL_INVALID_SIGNATURE', `The revocation list is not signed by ${name}.`);
  }
}

export function isRevoked(certificate: Pick<P256Certificate, 'serialNumber'>, crl: RevocationList): boolean {
  return crl.revokedSerialNumbers.has(certificate.serialNumber);
}
