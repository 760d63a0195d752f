import { evidenceExtensions } from '@enclos/attestation/carriers';
import { refuseUsage } from '@enclos/cli-frame';
import { equalBytes } from '@enclos/codec';
import { jsonKindOf, type JsonKind, describeFound, piecesIn, type Finding, type Piece } from '@enclos/evidence';

/**
 * The one piece of evidence in what was found; undefined when there is none. A
 * certificate may carry one in each of several ways, for different verifiers:
 * then it is the one in the way that comes first in `evidenceExtensions`. The same
 * evidence in two places is one piece, unless it is in two certificates: it vouches
 * for the key of one of them at most.
 * @throws CLI_USAGE when there are others.
 */
export function choosePiece(found: Finding): Piece | undefined {
  const distinct: Piece[] = [];
  for (const piece of piecesIn(found)) {
    const twin = distinct.findIndex((other) => isSame(other, piece));
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

function isSame(one: Piece, other: Piece): boolean {
  if (!equalBytes(one.evidence.bytes, other.evidence.bytes)) return false;
  const [first, second] = [one.certificate?.der, other.certificate?.der];
  return first === undefined || second === undefined || equalBytes(first, second);
}

const order = evidenceExtensions.map(({ id }) => id);

function rankOf(piece: Piece | undefined): number {
  const rank = order.indexOf(piece?.extension ?? '');
  return rank === -1 ? order.length : rank;
}

/** Why there is nothing to verify, in sentences. */
export function nothingFound(found: Finding): string {
  const { closest, path } = closestIn(found, []);
  const inside = path.length === 0 ? '' : `, in ${path.join(', ')}`;
  const known = closest.form === 'json' ? jsonHints[jsonKindOf(closest.value) ?? 'none'] : hints[closest.form];
  if (known === undefined) return `This is ${describeFound(found)}, and no quote or report is in it.`;
  return `This is ${known.is ?? describeFound(closest)}${inside}. ${known.hint}`;
}

interface Hint {
  /** In place of what the form is called. */
  readonly is?: string;
  readonly hint: string;
}

/** What says most: the first thing inside that there is a hint for. */
function closestIn(
  found: Finding,
  path: readonly string[],
): { readonly closest: Finding; readonly path: readonly string[] } {
  if (found.form in hints) return { closest: found, path };
  for (const { at, found: inner } of found.inner) {
    const below = closestIn(inner, at === '' ? path : [...path, at]);
    if (below.closest.form in hints) return below;
  }
  return { closest: found, path };
}

const hints: Readonly<Record<string, Hint>> = {
  jwt: {
    hint: 'A token is the answer of a verifier, to be checked by its issuer’s keys: `enclos explain` shows it.',
  },
  cwt: {
    hint: 'A token is the answer of a verifier, to be checked by its issuer’s keys: `enclos explain` shows it.',
  },
  tdreport: {
    hint: 'The quoting enclave of its machine makes a quote of it, which can be verified.',
  },
  'hcl-report': {
    hint: 'Only its own machine can check the TDREPORT in it. What is missing is the TD quote, and the quote of the TPM with the PCRs: verify the whole evidence, with all of them.',
  },
  'oe-report': { hint: 'A local report is for an enclave on the same machine.' },
};

const jsonHints: Readonly<Record<JsonKind | 'none', Hint | undefined>> = {
  policy: {
    is: 'an appraisal policy',
    hint: 'It is not evidence: give it to `enclos verify --policy`, beside evidence.',
  },
  collateral: {
    is: 'collateral',
    hint: 'It is not evidence: give it to `enclos verify --collateral`, beside evidence.',
  },
  'tpm-quote': {
    is: 'a quote of a TPM',
    hint: 'What is missing is the HCL report of the machine, whose hardware vouches for the key of the TPM: verify the whole evidence.',
  },
  none: undefined,
};
