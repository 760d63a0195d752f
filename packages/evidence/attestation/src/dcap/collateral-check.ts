import { utf8 } from '@enclos/codec';
import type { Steps } from '../crypto/crypto-steps.ts';
import { runAsync, type Subtle } from '../crypto/web-crypto.ts';
import { isRevoked, verifyRevocationList } from '../x509/revocation.ts';
import { collateralWindow, documentParts, type DateRange, type DocumentPart } from './collateral-dates.ts';
import type { Endorsements } from './collateral.ts';
import { partsOf } from './endorsements.ts';
import { checkShape, verifyIntermediate, verifyPck, verifyRoot } from './pck-chain.ts';
import { refuseRoot, verifyCollateral } from './platform-chain.ts';
import { readPckChain } from './quote-evidence.ts';
import { findRoot, type TrustedRoot } from './roots.ts';

export interface CheckCollateralOptions {
  /** The certificates of the platform that the collateral is for: PEM, leaf first. */
  readonly pckChain: string;
  /** Whose signatures are accepted. There is no default. */
  readonly roots: readonly TrustedRoot[];
  /** WebCrypto; `globalThis.crypto.subtle` unless given. */
  readonly subtle?: Subtle;
}

/** Collateral that the vendor of a platform signed. Its dates are facts, for the caller to judge. */
export interface CheckedCollateral {
  /** Issue and end of each document. */
  readonly documents: Readonly<Record<DocumentPart, DateRange>>;
  /** When the first of the documents ends. */
  readonly nextUpdate: string;
  /** Whether the vendor has revoked the certificate of the platform, or of its issuer. */
  readonly isPlatformRevoked: boolean;
}

/**
 * Checks who signed collateral, without a quote: for a party that keeps it and hands it out. These are the steps 2 to 14 of
 * `verificationSteps`, except that a revocation of the platform is a fact here: it must be handed out too.
 *
 * @throws EVIDENCE_REFUSED; `details.step` and `details.status` say why.
 * @throws VERIFIER_MISUSED for arguments that make no sense.
 * @example
 * ```ts
 * import { checkCollateral, parseCollateral, softwareRoot } from '@enclos/attestation';
 *
 * export async function endsAt(text: string, pckChain: string, rootPem: string): Promise<string> {
 *   const roots = [await softwareRoot(rootPem)];
 *   return (await checkCollateral(parseCollateral(text), { pckChain, roots })).nextUpdate;
 * }
 * ```
 */
export async function checkCollateral(
  endorsements: Endorsements,
  options: CheckCollateralOptions,
): Promise<CheckedCollateral> {
  return runAsync(check(endorsements, options), options.subtle ?? globalThis.crypto?.subtle);
}

function* check(
  endorsements: Endorsements,
  { pckChain, roots }: Pick<CheckCollateralOptions, 'pckChain' | 'roots'>,
): Steps<CheckedCollateral> {
  const parts = partsOf(endorsements);
  const { pck, intermediate, root } = checkShape(readPckChain(utf8(pckChain), undefined));
  yield* verifyRoot(root, 'root-certificate');
  yield* verifyIntermediate(intermediate, root);
  const platform = yield* verifyPck(pck, intermediate);
  const trustedRoot = (yield* findRoot(roots, root.publicKey)) ?? refuseRoot();
  yield* verifyRevocationList(parts.rootCrl, root, 'root-crl');
  yield* verifyRevocationList(parts.pckCrl, intermediate, 'pck-crl');
  const chain = { pck, intermediate, root, trustedRoot, platform };
  yield* verifyCollateral(chain, parts);
  const { dates } = collateralWindow(chain, parts);
  const documents = Object.fromEntries(documentParts.map((part) => [part, dates.parts[part]]));
  return Object.freeze({
    // Every document is in the list.
    documents: Object.freeze(documents) as Readonly<Record<DocumentPart, DateRange>>,
    nextUpdate: endorsements.nextUpdate,
    isPlatformRevoked: isRevoked(intermediate, parts.rootCrl) || isRevoked(pck, parts.pckCrl),
  });
}
