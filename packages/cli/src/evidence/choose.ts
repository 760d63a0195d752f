import { evidenceExtensions } from '@enclos/attestation/carriers';
import { equalBytes } from '@enclos/codec';
import { refuseUsage } from '../failure.ts';
import { describeFound, piecesIn, type Found, type Piece } from './found.ts';

/**
 * The one piece of evidence in what was found; undefined when there is none. A
 * certificate may carry one in each of several ways, for different verifiers:
 * then it is the one in the way that comes first in `evidenceExtensions`.
 * @throws CLI_USAGE when there are others.
 */
export function choosePiece(found: Found): Piece | undefined {
  const distinct: Piece[] = [];
  for (const piece of piecesIn(found)) {
    const twin = distinct.findIndex(({ evidence }) => equalBytes(evidence.bytes, piece.evidence.bytes));
    const rival = distinct.findIndex(
      ({ certificate }) => certificate !== undefined && certificate === piece.certificate,
    );
    if (twin !== -1) continue;
    if (rival === -1) distinct.push(piece);
    else if (rankOf(piece) < rankOf(distinct[rival])) distinct[rival] = piece;
  }
  if (distinct.length > 1) {
    const places = distinct.map(({ path, evidence }) => `${describeFound(evidence)} (${path.join(', ')})`);
    refuseUsage(`There is more than one piece of evidence: ${places.join('; ')}. Give the one that you mean.`);
  }
  return distinct[0];
}

const order = evidenceExtensions.map(({ id }) => id);

function rankOf(piece: Piece | undefined): number {
  const rank = order.indexOf(piece?.extension ?? '');
  return rank === -1 ? order.length : rank;
}

/** Why there is nothing to verify, as a sentence. */
export function nothingFound(found: Found): string {
  const hint = hints[found.form] ?? '';
  return `This is ${describeFound(found)}, and no quote or report is in it.${hint}`;
}

const hints: Readonly<Record<string, string>> = {
  jwt: ' A token is the answer of a verifier, to be checked by its issuer’s keys: `enclos explain` shows it.',
  tdreport: ' The quoting enclave of its machine makes a quote of it.',
  'hcl-report':
    ' Its TDREPORT is for its own machine: verify the whole evidence, with the TD quote and the quote of the TPM.',
  'oe-report': ' A local report is for an enclave on the same machine.',
};
