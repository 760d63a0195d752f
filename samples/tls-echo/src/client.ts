import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { connect, type TLSSocket } from 'node:tls';
import {
  appraise,
  boundReportData,
  parseCollateral,
  verifyQuote,
  type SgxPolicy,
  type TrustedRoot,
  type SgxEvidence,
} from '@enclos/attestation';
import { evidencePurpose, serverName } from './tls-echo.edl.ts';

/** The client's trust decisions. They come from the signer and the vendor, never from the server. */
export interface EchoTrust {
  readonly roots: readonly TrustedRoot[];
  readonly policy: SgxPolicy;
}

/** The evidence that the host passes on. It is untrusted until it is verified. */
export interface EvidenceSource {
  evidence(args: { readonly nonce: Uint8Array }): Promise<{ readonly certificate: string; readonly quote: Uint8Array }>;
  endorsements(): Promise<string>;
}

/** A certificate whose private key exists only in the verified enclave. */
export interface Attested {
  readonly certificate: string;
  readonly evidence: SgxEvidence;
}

/**
 * Checks the server before anything is sent: a fresh nonce, the quote verified to a
 * pinned root, appraised against the policy, and bound to the key of the certificate.
 */
export async function attest(source: EvidenceSource, trust: EchoTrust): Promise<Attested> {
  const nonce = crypto.getRandomValues(new Uint8Array(32));
  const { certificate, quote } = await source.evidence({ nonce });
  const key = publicKeyOf(new X509Certificate(certificate));
  const now = new Date();
  const verdict = await verifyQuote(quote, parseCollateral(await source.endorsements()), { roots: trust.roots, now });
  const reportData = await boundReportData({ purpose: evidencePurpose, nonce, key });
  const evidence = appraise(verdict, trust.policy, { reportData }, { now });
  return Object.freeze({ certificate, evidence });
}

/** Connects to the holder of the attested key. Rejects for all others, before a byte of the application is sent. */
export async function connectAttested(
  address: { readonly host: string; readonly port: number },
  { certificate }: Attested,
): Promise<TLSSocket> {
  // The only root is the attested certificate itself, and TLS proves that the peer has its key.
  const socket = connect({ ...address, servername: serverName, ca: certificate, minVersion: 'TLSv1.3' });
  await once(socket, 'secureConnect');
  return socket;
}

/** Sends a text and reads the same number of bytes back. */
export async function echo(socket: TLSSocket, text: string): Promise<string> {
  const sent = Buffer.from(text);
  let answer = Buffer.alloc(0);
  socket.write(sent);
  while (answer.length < sent.length) {
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    answer = Buffer.concat([answer, chunk]);
  }
  return answer.toString();
}

/** SubjectPublicKeyInfo in DER, the form that the evidence binds. */
function publicKeyOf(certificate: X509Certificate): Uint8Array {
  return new Uint8Array(certificate.publicKey.export({ type: 'spki', format: 'der' }));
}
