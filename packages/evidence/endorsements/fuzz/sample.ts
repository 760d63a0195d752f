import type { QuoteCollateral } from '@enclos/attestation';
import { collateralFor } from '@enclos/software-sgx';
import { softwareSite } from '../test/software-site.ts';

const site = await softwareSite();

/** A quote and its collateral, as a software platform makes them. */
export const sampleCollateral: {
  readonly collateral: QuoteCollateral;
  readonly fmspc: string;
  readonly quote: Uint8Array;
} = Object.freeze({
  collateral: collateralFor(site.vendor),
  fmspc: site.vendor.fmspc.toLowerCase(),
  quote: site.quote(),
});
