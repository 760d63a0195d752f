import { readSmallJson } from '@enclos/cli-frame/files';
import { endorsementFacts, type EndorsementFacts, type Notice, type SnpFacts } from '@enclos/endorsements';
import { EnclosError, isEnclosError } from '@enclos/errors';
import type { HardwareEvidence } from '@enclos/evidence/verify';
import { jsonKindOf, isRecord } from '@enclos/evidence';
import { obtainCollateral, type ObtainCollateralOptions } from './obtain-collateral.ts';
import { pckChain, pckFacts, type PckFile } from './pck-file.ts';

/** Says how the collateral of a platform is fetched. */
export type CollateralFetch = (facts: EndorsementFacts) => Promise<Omit<ObtainCollateralOptions, 'facts'>>;

/** Where collateral comes from: a file, or the endorsements client. */
export type CollateralSource =
  | { readonly file: string }
  | {
      readonly fetch: CollateralFetch;
      /** The product of AMD, for a report of version 2, which does not name it. */
      readonly product?: SnpFacts['product'];
    };

export interface ObtainedCollateral {
  /** Untrusted JSON, for `parseCollateral`. */
  readonly json: unknown;
  /** What the endorsements client noticed. */
  readonly notices: readonly Notice[];
}

const maximumCollateralBytes = 8 * 1024 * 1024;

/** @throws CLI_FILE_UNREADABLE, CLI_FILE_INVALID */
export async function readCollateralFile(path: string): Promise<ObtainedCollateral> {
  const json = await readSmallJson(path, maximumCollateralBytes);
  if (jsonKindOf(json) === 'policy') {
    const message = `${path} is an appraisal policy, and not collateral: give it to --policy.`;
    throw new EnclosError('CLI_FILE_INVALID', message, { details: { path } });
  }
  return { json, notices: [] };
}

/**
 * Gets the collateral of the platform that the evidence names, or that `pck` does.
 * @throws EVIDENCE_REFUSED when a quote cannot be read, and what `endorsementFacts` and `obtainCollateral` throw.
 */
export async function fetchCollateralFor(
  evidence: HardwareEvidence,
  source: CollateralSource,
  pck: PckFile | undefined,
): Promise<ObtainedCollateral> {
  if (!('fetch' in source)) throw new TypeError('The collateral of a file is read, not fetched.');
  const named = factsOf(evidence, source.product);
  const facts = pck !== undefined && 'pck' in named ? pckFacts(pck, named.tee) : named;
  const { collateral, notices } = await obtainCollateral({ ...(await source.fetch(facts)), facts });
  return { json: collateral, notices };
}

function factsOf({ form, bytes }: HardwareEvidence, product: SnpFacts['product'] | undefined): EndorsementFacts {
  try {
    return endorsementFacts(bytes, product === undefined ? {} : { product });
  } catch (cause) {
    // A report may be whole and still not say enough; that is then for its owner to add.
    if (!isEnclosError(cause, 'ENDORSEMENTS_EVIDENCE_UNREADABLE') || form === 'snp-report') throw cause;
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
