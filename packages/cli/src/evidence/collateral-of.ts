import { endorsementFacts, type EndorsementFacts, type Notice } from '@enclos/endorsements';
import { EnclosError, isEnclosError } from '@enclos/errors';
import { obtainCollateral, type ObtainCollateralOptions } from '../actions/obtain-collateral.ts';
import { readSmallJson } from '../files.ts';
import { isRecord } from './text-forms.ts';
import { pckChain, pckFacts, type PckFile } from './pck-file.ts';

/** Where collateral comes from: a file, or the endorsements client. */
export type CollateralSource =
  | { readonly file: string }
  | {
      readonly fetch: (facts: EndorsementFacts) => Promise<Omit<ObtainCollateralOptions, 'facts'>>;
    };

export interface ObtainedCollateral {
  /** Untrusted JSON, for `parseCollateral`. */
  readonly json: unknown;
  readonly from: 'file' | 'source';
  /** What the endorsements client noticed. */
  readonly notices: readonly Notice[];
}

const maximumCollateralBytes = 8 * 1024 * 1024;
const pckChainType = 5;

/** @throws CLI_FILE_UNREADABLE, CLI_FILE_INVALID */
export async function readCollateralFile(path: string): Promise<ObtainedCollateral> {
  return { json: await readSmallJson(path, maximumCollateralBytes), from: 'file', notices: [] };
}

/**
 * Gets the collateral of the platform that the evidence names, or that `pck` does.
 * @throws EVIDENCE_REFUSED when the evidence names none, and what `obtainCollateral` throws.
 */
export async function fetchCollateralFor(
  evidence: Uint8Array,
  { fetch }: Extract<CollateralSource, { readonly fetch: unknown }>,
  pck: PckFile | undefined,
): Promise<ObtainedCollateral> {
  const named = factsOf(evidence);
  const facts = pck !== undefined && 'pck' in named ? pckFacts(pck, named.tee) : named;
  const { collateral, notices } = await obtainCollateral({ ...(await fetch(facts)), facts });
  return { json: collateral, from: 'source', notices };
}

function factsOf(evidence: Uint8Array): EndorsementFacts {
  try {
    return endorsementFacts(evidence);
  } catch (cause) {
    if (!isEnclosError(cause, 'ENDORSEMENTS_EVIDENCE_UNREADABLE')) throw cause;
    throw new EnclosError('EVIDENCE_REFUSED', cause.message, {
      details: { step: 'quote-format', status: 'UNSUPPORTED_QUOTE_FORMAT' },
      cause,
    });
  }
}

/** Collateral with the PCK chain of a file, for a quote that carries none. */
export function withPckChain(json: unknown, pck: PckFile): unknown {
  if (!isRecord(json)) return json;
  const issuers: unknown = json['pck_crl_issuer_chain'];
  return { ...json, pck_certificate_chain: pckChain(pck, typeof issuers === 'string' ? issuers : '') };
}

/** Whether a quote carries its PCK chain; undefined when it cannot be read so far. */
export function carriesPckChain(type: number | undefined): boolean | undefined {
  return type === undefined ? undefined : type === pckChainType;
}
