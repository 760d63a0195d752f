import { maximumCachedCollateral, type Endorsements, type QuoteCollateral } from './collateral.ts';

interface Entry {
  readonly fields: QuoteCollateral;
  readonly endorsements: Endorsements;
}

const fieldNames = [
  // The first differs between almost any two, so that looking through the entries is a comparison each.
  'tcb_info_signature',
  'pck_crl',
  'qe_identity_signature',
  'root_ca_crl',
  'tcb_info',
  'qe_identity',
  'tcb_info_issuer_chain',
  'qe_identity_issuer_chain',
  'pck_crl_issuer_chain',
  'pck_certificate_chain',
] as const satisfies readonly (keyof QuoteCollateral)[];

/** Parsed collateral by all of its texts. Comparing texts costs less than digesting them, above all when they are the same. */
export class CollateralCache {
  readonly #maximum: number;
  readonly #entries: Entry[] = [];

  constructor(maximum: number) {
    this.#maximum = maximum;
  }

  get(fields: QuoteCollateral): Endorsements | undefined {
    const index = this.#entries.findIndex((entry) => fieldNames.every((name) => entry.fields[name] === fields[name]));
    const [found] = index === -1 ? [] : this.#entries.splice(index, 1);
    if (found === undefined) return undefined;
    this.#entries.push(found);
    return found.endorsements;
  }

  set(fields: QuoteCollateral, endorsements: Endorsements): void {
    const length = fieldNames.reduce((sum, name) => sum + (fields[name]?.length ?? 0), 0);
    if (this.#maximum === 0 || length > maximumCachedCollateral) return;
    if (this.#entries.length >= this.#maximum) this.#entries.shift();
    this.#entries.push({ fields, endorsements });
  }
}
