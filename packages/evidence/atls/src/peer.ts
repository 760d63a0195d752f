import type { TLSSocket } from 'node:tls';
import { equalBytes } from '@enclos/codec';
import { accept, type Appraiser } from './appraiser.ts';
import { freshReportData, requireSubjectSignature, type Subject } from './protocol/binding.ts';
import { readAttestedCertificate, type CertificateEvidence } from './certificate/certificate-evidence.ts';
import { orElse, refuseCertificate } from './certificate/certificate-errors.ts';
import { EnclosError } from '@enclos/errors';
import './errors.ts';
import type { Evidence } from './protocol/messages.ts';
import { readCertificateEvidence } from './certificate/read-evidence.ts';
import { isAtLeast, type Mode, type Role } from './roles.ts';

/** What a side demands of its peer. */
export interface PeerPolicy<E extends object> {
  readonly appraise: Appraiser<E>;
  /** The least mode that is accepted. Default `fresh`; `cached` cannot tell a peer from a thief of its key. */
  readonly leastMode?: Mode | undefined;
  /** How old evidence of mode `cached` may be. Default: a day. */
  readonly cachedEvidenceMaximumAgeMs?: number | undefined;
  /** Default: the clock of this machine. */
  readonly now?: (() => Date) | undefined;
}

/** The leaf certificate of a peer, whose private key TLS proved the peer to have. */
export interface PeerCertificate {
  readonly der: Uint8Array;
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKey: Uint8Array;
}

const dayMs = 86_400_000;
/** How far the clock of an attester may be ahead of this one. */
const clockSkewMs = 300_000;

/** @throws ATLS_CERTIFICATE_INVALID, and ATLS_OWN_KEY when it is that of this side. */
export function peerCertificateOf(socket: TLSSocket, ownPublicKey: Uint8Array | undefined): PeerCertificate {
  // Read once, right after the handshake: Node 20 gives a server's certificate a single time, and not on resumed sessions.
  const raw = socket.getPeerX509Certificate()?.raw;
  if (raw === undefined) return refuseCertificate('certificate');
  const der = new Uint8Array(raw);
  const { publicKey } = orElse(
    () => readAttestedCertificate(der),
    (cause) => refuseCertificate('well-formed', cause),
  );
  if (ownPublicKey !== undefined && equalBytes(publicKey, ownPublicKey)) throw new EnclosError('ATLS_OWN_KEY');
  return { der, publicKey };
}

/** @throws when the evidence is not for this subject, or the policy does not accept it. */
export async function appraisePeer<E extends object>(
  policy: PeerPolicy<E>,
  {
    message,
    subject,
    certificate,
  }: {
    readonly message: Evidence;
    readonly subject: Subject;
    readonly certificate: PeerCertificate;
  },
): Promise<E> {
  const { mode, endorsements, quote } = message;
  const { role } = subject;
  if (!isAtLeast(mode, policy.leastMode ?? 'fresh')) {
    throw new EnclosError('ATLS_MODE_TOO_WEAK', undefined, { details: { mode } });
  }
  if (mode === 'fresh') {
    return accept(policy.appraise, { quote, endorsements, role, mode }, [await freshReportData(subject)]);
  }
  requireSubjectSignature(subject, message.signature);
  const evidence = readCertificateEvidence(certificate.der);
  if (evidence.own?.role !== role) refuseCertificate('role');
  requireAge(evidence, policy);
  return accept(policy.appraise, { quote: evidence.quote, endorsements, role, mode }, evidence.boundReportData);
}

/** Appraises the certificate of a peer that speaks only RA-TLS: its evidence is about a key, not about a connection. */
export async function appraiseRaTls<E extends object>(
  policy: PeerPolicy<E>,
  certificate: PeerCertificate,
  role: Role,
): Promise<E> {
  const evidence = readCertificateEvidence(certificate.der);
  if (evidence.own !== undefined && evidence.own.role !== role) refuseCertificate('role');
  requireAge(evidence, policy);
  const presented = { quote: evidence.quote, endorsements: new Uint8Array(), role, mode: 'ra-tls' } as const;
  return accept(policy.appraise, presented, evidence.boundReportData);
}

/** Evidence of others does not say when it was made. */
function requireAge<E extends object>({ own }: CertificateEvidence, policy: PeerPolicy<E>): void {
  if (own === undefined) return;
  const { cachedEvidenceMaximumAgeMs: maximumAgeMs = dayMs, now = () => new Date() } = policy;
  const ageMs = now().getTime() - own.issuedAtMs;
  if (!(ageMs <= maximumAgeMs && ageMs >= -clockSkewMs)) {
    throw new EnclosError('ATLS_EVIDENCE_STALE', undefined, { details: { ageMs, maximumAgeMs } });
  }
}
