import { equalBytes } from '@enclos/codec';
import { refuseUsage } from '../failure.ts';
import { describeFound, piecesIn, type Found, type Piece } from './found.ts';

/**
 * The one piece of evidence in what was found; undefined when there is none. A
 * certificate may carry the same quote in two extensions.
 * @throws CLI_USAGE when there are different ones.
 */
export function choosePiece(found: Found): Piece | undefined {
  const distinct: Piece[] = [];
  for (const piece of piecesIn(found)) {
    const isKnown = distinct.some(({ evidence }) => equalBytes(evidence.bytes, piece.evidence.bytes));
    if (!isKnown) distinct.push(piece);
  }
  if (distinct.length > 1) {
    const places = distinct.map(({ path, evidence }) => `${describeFound(evidence)} (${path.join(', ')})`);
    refuseUsage(`There is more than one piece of evidence: ${places.join('; ')}. Give the one that you mean.`);
  }
  return distinct[0];
}

/** Why there is nothing to verify, as a sentence. */
export function nothingFound(found: Found): string {
  const hint = hints[found.form] ?? '';
  return `This is ${describeFound(found)}, and no quote or report is in it.${hint}`;
}

const hints: Readonly<Record<string, string>> = {
  jwt: ' A token is the answer of a verifier, to be checked by its issuer’s keys: `enclos explain` shows it.',
  tdreport: ' The quoting enclave of its machine makes a quote of it.',
  'oe-report': ' A local report is for an enclave on the same machine.',
};
