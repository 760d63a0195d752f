import {
  amdKds,
  azureAmd,
  azureThim,
  fetchEndorsements,
  intelPcs,
  pccs,
  type EndorsementFacts,
  type ItemStore,
  type Source,
} from '@enclos/endorsements';
import { utf8 } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import type { EndorsementRequest } from '../attest/endorsement-request.ts';
import type { CollateralSource } from './command-line.ts';

export interface EndorsementProviderOptions {
  readonly sources: readonly Source[];
  /** Endorsements of the platform that this service runs on, if that is a software platform. JSON. */
  readonly ownPlatform?: (() => Promise<string>) | undefined;
  readonly store?: ItemStore | undefined;
  /** Hears of sources that failed. */
  readonly onFailed?: (source: string, code: string) => void;
}

/**
 * Answers the enclave's request for endorsements. The enclave verifies what it
 * gets, so this has to be helpful and not to be trusted.
 * @returns JSON in UTF-8; undefined when no source has them.
 */
export function endorsementProvider(
  options: EndorsementProviderOptions,
): (request: string) => Promise<Uint8Array | undefined> {
  const { sources, ownPlatform, store, onFailed } = options;
  return async (request) => {
    const { facts, ...baseline } = JSON.parse(request) as EndorsementRequest;
    if ('fmspc' in facts && ownPlatform !== undefined) {
      const own = await ownPlatform();
      if (fmspcOf(own) === facts.fmspc.toLowerCase()) return utf8(own);
    }
    for (const source of sources.filter((each) => answers(each, facts))) {
      try {
        const kept = store === undefined ? {} : { store };
        const { collateral } = await fetchEndorsements(facts, { ...baseline, ...kept, source });
        return utf8(JSON.stringify(collateral));
      } catch (error) {
        onFailed?.(source.id, isEnclosError(error) ? error.code : 'UNEXPECTED');
      }
    }
    return undefined;
  };
}

/** @throws ENDORSEMENTS_REQUEST_INVALID for an address that is neither https nor this machine. */
export function collateralSource(source: CollateralSource): Source {
  switch (source) {
    case 'pcs':
      return intelPcs();
    case 'azure':
      return azureThim({ place: 'global' });
    case 'kds':
      return amdKds();
    case 'azure-amd':
      return azureAmd();
    default:
      return pccs({ url: source.href });
  }
}

/** AMD's services know nothing of Intel's platforms, nor the other way round. */
function answers(source: Source, facts: EndorsementFacts): boolean {
  return /^(?:kds|azure-amd) /.test(source.id) === (facts.tee === 'snp');
}

/** The FMSPC that the TCB info of one platform's collateral, a text in JSON, is about. */
function fmspcOf(collateral: string): string | undefined {
  const [, fmspc] = /\\?"fmspc\\?"\s*:\s*\\?"([0-9a-fA-F]{12})/.exec(collateral) ?? [];
  return fmspc?.toLowerCase();
}
