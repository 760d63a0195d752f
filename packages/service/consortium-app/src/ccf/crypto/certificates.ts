import { X509Certificate } from 'node:crypto';

import { findPemBlocks, toPem } from '@enclos/codec/pem';

/** No real chain is longer, and each certificate may cost a verification. */
const maxCertificates = 32;
const maxTextLength = 1024 * 1024;
const maxVerifications = 64;

/** Whether a text has certificates in PEM, and all of them can be read. */
export function isCertificateBundle(pem: string, checkTime: () => void): boolean {
  return (certificatesOf(pem, checkTime)?.length ?? 0) > 0;
}

/**
 * Whether the first certificate of a chain leads to a trusted one, over the others, all of them in force now. A trusted
 * certificate need not be a root, but each is that of an authority, as in CCF (src/crypto/openssl/verifier.cpp). Constraints on names
 * are not evaluated.
 */
export function isCertificateChain(chain: string, trusted: string, checkTime: () => void): boolean {
  const [target, ...between] = certificatesOf(chain, checkTime) ?? [];
  const anchors = certificatesOf(trusted, checkTime) ?? [];
  if (target === undefined || anchors.length === 0 || !anchors.every(({ ca }) => ca)) return false;
  return new ChainSearch(between, anchors, checkTime).reaches(target);
}

function certificatesOf(pem: string, checkTime: () => void): readonly X509Certificate[] | undefined {
  if (pem.length > maxTextLength) return undefined;
  checkTime();
  try {
    const found = findPemBlocks(pem, maxCertificates + 1);
    if (found.length > maxCertificates) return undefined;
    const blocks = found.filter(({ label }) => label === 'CERTIFICATE');
    return blocks.map(({ bytes }) => {
      checkTime();
      return new X509Certificate(toPem('CERTIFICATE', bytes));
    });
  } catch {
    return undefined;
  }
}

class ChainSearch {
  readonly #between: readonly X509Certificate[];
  readonly #anchors: readonly X509Certificate[];
  readonly #checkTime: () => void;
  readonly #now = Date.now();
  readonly #seen = new Set<string>();
  #verifications = 0;

  constructor(between: readonly X509Certificate[], anchors: readonly X509Certificate[], checkTime: () => void) {
    this.#between = between;
    this.#anchors = anchors;
    this.#checkTime = checkTime;
  }

  reaches(certificate: X509Certificate): boolean {
    if (this.#seen.has(certificate.fingerprint256) || !this.#isInForce(certificate)) return false;
    this.#seen.add(certificate.fingerprint256);
    if (this.#anchors.some(({ fingerprint256 }) => fingerprint256 === certificate.fingerprint256)) return true;
    if (this.#anchors.some((anchor) => this.#isInForce(anchor) && this.#issued(anchor, certificate))) return true;
    return this.#between.some((issuer) => this.#issued(issuer, certificate) && this.reaches(issuer));
  }

  #issued(issuer: X509Certificate, certificate: X509Certificate): boolean {
    if (!issuer.ca || !certificate.checkIssued(issuer) || this.#verifications >= maxVerifications) return false;
    this.#verifications += 1;
    this.#checkTime();
    return certificate.verify(issuer.publicKey);
  }

  #isInForce({ validFrom, validTo }: X509Certificate): boolean {
    return Date.parse(validFrom) <= this.#now && this.#now <= Date.parse(validTo);
  }
}
