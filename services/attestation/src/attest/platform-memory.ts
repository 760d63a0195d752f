import { BoundedMap } from '@enclos/bounded';
import { endorsementFacts, type EndorsementFacts } from '@enclos/endorsements';
import { withoutTrailingNuls } from '@enclos/codec/text';
import { parseQuote } from '@enclos/sgx';

const mostKnown = 256;

/** Which platform a quote is of, as far as it says so. */
export interface QuotePlatform {
  readonly facts: EndorsementFacts;
  /** What it is kept by. */
  readonly chain: string;
}

/**
 * Which platforms quotes are of, by the certificate chains in them: to read a chain takes longer than to verify a
 * quote. Only what verified is kept, so that callers cannot fill this with platforms that do not exist.
 */
export class PlatformMemory {
  readonly #known = new BoundedMap<QuotePlatform>(mostKnown);

  /** @throws ENDORSEMENTS_EVIDENCE_UNREADABLE or a CODEC error */
  platformOf(quote: Uint8Array): QuotePlatform {
    const chain = chainOf(quote);
    return this.#known.get(chain) ?? { facts: endorsementFacts(quote), chain };
  }

  keep(platform: QuotePlatform): void {
    if (this.#known.get(platform.chain) === undefined) this.#known.set(platform.chain, platform);
  }
}

/** The kind of report, the kind of certification data, and the data as text of one byte a character. */
function chainOf(quote: Uint8Array): string {
  const { body, signature } = parseQuote(quote);
  const { certificationDataType: type, certificationData: data } = signature;
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return `${body.type} ${type} ${withoutTrailingNuls(bytes.toString('latin1'))}`;
}
