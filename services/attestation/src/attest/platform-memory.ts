import { ContentMap } from '@enclos/bounded';
import { carriedChain, endorsementFacts, type CarriedChain, type EndorsementFacts } from '@enclos/endorsements';
import { parseQuote } from '@enclos/sgx';

const mostKnown = 256;

/** Which platform a quote is of, as far as it says so. */
export interface QuotePlatform {
  readonly facts: EndorsementFacts;
  /** What it can be kept by: undefined for a platform that is known, and for one without a chain. */
  readonly chain: CarriedChain | undefined;
}

/**
 * Which platforms quotes are of, by the certificate chains in them: to read a chain takes longer than to verify a
 * quote. Only what verified is kept, so that callers cannot fill this with platforms that do not exist.
 */
export class PlatformMemory {
  readonly #known = new ContentMap<EndorsementFacts>(mostKnown);
  readonly #tees = Object.freeze({ sgx: {}, tdx: {} });

  /** @throws ENDORSEMENTS_EVIDENCE_UNREADABLE, SGX_QUOTE_INVALID or a CODEC error */
  platformOf(quote: Uint8Array): QuotePlatform {
    const chain = carriedChain(quote);
    const known = chain && this.#known.get(this.#tees[chain.tee], chain.pem);
    if (known !== undefined) return { facts: known, chain: undefined };
    // The host is asked for platforms of quotes only. One of a known platform is read whole when it is verified.
    parseQuote(quote);
    return { facts: endorsementFacts(quote), chain };
  }

  keep({ facts, chain }: QuotePlatform): void {
    if (chain !== undefined) this.#known.set(this.#tees[chain.tee], chain.pem, facts);
  }
}
