import { equalBytes } from '@enclos/codec';
import type { PolicyCertificate } from './policy-certificate.ts';

/** Certificates of one `x5c`, at most. */
export const maximumChain = 6;

/** True between the dates of a certificate, both included (RFC 5280 section 4.1.2.5). */
export function isValidAt(certificate: PolicyCertificate, now: Date): boolean {
  const ms = now.getTime();
  return certificate.notBeforeMs <= ms && ms <= certificate.notAfterMs;
}

/** Whether `issuer`, with `below` authorities between it and the end of the chain, issued `subject`, and both are of now. */
function isLink(
  issuer: PolicyCertificate,
  subject: PolicyCertificate,
  { below, now }: { readonly below: number; readonly now: Date },
): boolean {
  return issuer.isAuthority && issuer.pathLength >= below && isValidAt(issuer, now) && issuer.issued(subject);
}

/** Each certificate is issued by the next one, all are of now, and the first may sign data. Their identity is not checked here. */
export function isChain(chain: readonly PolicyCertificate[], now: Date): boolean {
  const [leaf] = chain;
  if (leaf === undefined || !leaf.signsData || !isValidAt(leaf, now)) return false;
  return chain.every((subject, i) => {
    const issuer = chain[i + 1];
    return issuer === undefined || isLink(issuer, subject, { below: i, now });
  });
}

/**
 * A chain that leads to one of `registered`: its first certificate is one of them, or one of them that is an authority
 * is among the others, or issued the last.
 */
export function leadsTo(
  registered: readonly PolicyCertificate[],
  chain: readonly PolicyCertificate[],
  now: Date,
): boolean {
  if (!isChain(chain, now)) return false;
  const [leaf] = chain;
  const isRegistered = (one: PolicyCertificate): boolean => registered.some(({ der }) => equalBytes(der, one.der));
  if (leaf !== undefined && isRegistered(leaf)) return true;
  // The links up to here are those that isChain has looked at, so a registered authority among them is enough.
  if (chain.slice(1).some(isRegistered)) return true;
  const last = chain.at(-1);
  const below = chain.length - 1;
  return last !== undefined && registered.some((root) => isLink(root, last, { below, now }));
}
