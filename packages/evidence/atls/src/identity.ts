import { constants, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { createSecureContext, type SecureContext } from 'node:tls';
import { SharedWork } from '@enclos/bounded';
import { toPem } from '@enclos/codec/pem';
import { selfSignedCertificate } from '@enclos/codec/x509';
import { evidenceExtensions } from './certificate/certificate-evidence.ts';
import { misused } from './errors.ts';
import { makeEvidence, type EvidenceSource } from './evidence-source.ts';
import type { Role } from './roles.ts';
import { claimsReportData, encodeClaims } from './certificate/own-claims.ts';

export interface IdentityOptions {
  /** The DNS name in the certificate, at most 64 ASCII characters. It does not identify the peer: the evidence does. */
  readonly name: string;
  readonly evidence: EvidenceSource;
  /** The time that goes into the claims. Default: the clock of this machine. */
  readonly now?: (() => Date) | undefined;
}

/** A key that was born here, and evidence about it. Each has its own: two enclaves never share one. */
export interface AttestedIdentity {
  readonly role: Role;
  /** The certificate in PEM, as it is now. */
  readonly certificate: string;
  /**
   * Makes a new key, new evidence and a new certificate. Connections that are
   * there keep the old ones, those that come get the new ones. When it rejects,
   * the old ones stay.
   */
  rotate(): Promise<void>;
}

/** One state of an identity: what a connection keeps until it ends. */
export interface IdentitySnapshot {
  readonly role: Role;
  readonly certificate: string;
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKey: Uint8Array;
  /** PEM. Never leaves this package. */
  readonly privateKey: string;
  readonly endorsements: Uint8Array;
  readonly evidence: EvidenceSource;
  readonly secureContext: SecureContext;
}

interface Holder {
  current: IdentitySnapshot;
}

const holders = new WeakMap<AttestedIdentity, Holder>();

/**
 * An identity for the client of a mutually attested connection.
 * @throws ATLS_EVIDENCE_UNAVAILABLE, ATLS_MISUSED, CODEC_OUT_OF_RANGE for another name.
 */
export function createClientIdentity(options: IdentityOptions): Promise<AttestedIdentity> {
  return createIdentity('client', options, { resumption: false });
}

/** Sessions can be resumed only where `resumption` says so; tickets of a former state never can. */
export async function createIdentity(
  role: Role,
  options: IdentityOptions,
  tls: { readonly resumption: boolean },
): Promise<AttestedIdentity> {
  const make = (): Promise<IdentitySnapshot> => makeSnapshot(role, options, tls);
  const holder: Holder = { current: await make() };
  const rotation = new SharedWork<void>();
  const identity: AttestedIdentity = Object.freeze({
    role,
    get certificate() {
      return holder.current.certificate;
    },
    rotate: () =>
      rotation.join(async () => {
        holder.current = await make();
      }),
  });
  holders.set(identity, holder);
  return identity;
}

/** @throws ATLS_MISUSED for an identity that this package did not make, or one of the other role. */
export function snapshotOf(identity: AttestedIdentity, role: Role): IdentitySnapshot {
  const current = holders.get(identity)?.current;
  if (current?.role !== role) misused(`Not an identity of role ${role}.`);
  return current;
}

async function makeSnapshot(
  role: Role,
  { name, evidence, now = () => new Date() }: IdentityOptions,
  { resumption }: { readonly resumption: boolean },
): Promise<IdentitySnapshot> {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const publicKey = new Uint8Array(pair.publicKey.export({ type: 'spki', format: 'der' }));
  const claims = encodeClaims(publicKey, { role, issuedAtMs: now().getTime() });
  const { quote, endorsements } = await makeEvidence(evidence, claimsReportData(claims));
  const certificate = toPem(
    'CERTIFICATE',
    selfSignedCertificate({
      name,
      serialNumber: randomBytes(16),
      publicKey,
      extensions: evidenceExtensions({ quote, claims }),
      sign: (bytes) => new Uint8Array(sign('sha256', bytes, pair.privateKey)),
    }),
  );
  const privateKey = pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const secureContext = createSecureContext({
    key: privateKey,
    cert: certificate,
    // No roots: certificates vouch for nothing here, and Node's own take milliseconds to read.
    ca: [],
    minVersion: 'TLSv1.3',
    // OpenSSL then hands out session numbers in place of tickets, and keeps no session that they could be about.
    secureOptions: resumption ? 0 : constants.SSL_OP_NO_TICKET,
    // Without it OpenSSL ends the handshake of a client that tries to resume a session with a client certificate.
    sessionIdContext: 'enclos-atls',
  });
  return Object.freeze({ role, certificate, publicKey, privateKey, endorsements, evidence, secureContext });
}
