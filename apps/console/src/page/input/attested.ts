import { unpackCertificate, type CertificateEvidence } from '@enclos/atls/certificate';
import { isEnclosError } from '@enclos/errors';
import { isEvidence, type EvidenceInput, type Input } from './input.ts';
import { readInput } from './read-input.ts';

/** Evidence that a certificate carried, with what ties it to the key of the certificate. */
export interface AttestedInput extends EvidenceInput {
  readonly certificate: CertificateEvidence;
}

/**
 * The evidence in a certificate, of every form that attested TLS accepts;
 * undefined for a certificate that carries none, and for other bytes.
 */
export async function readAttested(der: Uint8Array): Promise<AttestedInput | Input | undefined> {
  try {
    const certificate = await unpackCertificate(der);
    const carried = readInput(certificate.quote).find(isEvidence);
    return carried === undefined
      ? { kind: 'unreadable', reason: 'It is a certificate, and what it carries is not evidence.' }
      : { ...carried, certificate };
  } catch (error) {
    if (!isEnclosError(error, 'ATLS_CERTIFICATE_INVALID')) throw error;
    const rule = String(error.details['rule']);
    if (rule === 'evidence' || rule === 'well-formed') return undefined;
    return {
      kind: 'unreadable',
      reason: `It is a certificate, and the evidence in it is refused: ${reasons[rule] ?? rule}`,
    };
  }
}

const reasons: Readonly<Record<string, string>> = {
  'well-formed-evidence': 'it cannot be read.',
  'claims-for-this-key': 'its claims are about another key.',
  'one-quote': 'there are two quotes that say different things.',
};
