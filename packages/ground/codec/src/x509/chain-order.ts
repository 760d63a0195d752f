/** PCK certificate, PCK CA and root. No chain that is verified here is longer. */
const longestChain = 3;

/**
 * The certificates of a chain with the leaf first and the root last, whatever
 * their order was: Intel's QVL finds them by their names too (CertificateChain::parse),
 * and some quotes carry the root in the second place. Names prove nothing, so every
 * signature still has to be verified.
 *
 * @returns the chain as it was given when names do not tell exactly one order: for a certificate that occurs twice, one
 * of another chain, two roots or none, and for more than three certificates.
 */
export function leafFirst<T>(chain: readonly T[], isIssuedBy: (issued: T, issuer: T) => boolean): readonly T[] {
  if (chain.length > longestChain) return chain;
  let issuers = chain.filter((certificate) => isIssuedBy(certificate, certificate));
  const ordered: T[] = [];
  for (let left = chain; ;) {
    const [issuer, ...others] = issuers;
    if (issuer === undefined || others.length > 0) return chain;
    ordered.unshift(issuer);
    left = left.filter((certificate) => certificate !== issuer);
    if (left.length === 0) return Object.freeze(ordered);
    issuers = left.filter((certificate) => isIssuedBy(certificate, issuer));
  }
}
