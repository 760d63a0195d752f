import { explainQuote, explainSnpReport } from '@enclos/attestation/explain';
import { scenario, snpScenario } from '@enclos/evidence-kit';
import { readInput } from '../src/page/input/read-input.ts';

const { quote, collateral, root } = scenario({});
const text = (value: string): Uint8Array => new TextEncoder().encode(value);

const snp = snpScenario({ rsaBits: 2048 });

export const seeds: readonly Uint8Array[] = [
  quote,
  text(Buffer.from(quote).toString('base64')),
  text(JSON.stringify(collateral)),
  text(JSON.stringify({ quote: Buffer.from(quote).toString('hex'), collateral })),
  text(root.certificate),
  snp.report,
  snp.leaf,
  snp.crl,
  text('{"mrSigner":["00"],"productId":1,"minimumSecurityVersion":1,"acceptedStatuses":["OK"],"intelRoot":true}'),
];

/** Anything that is dropped is something, or said to be nothing. */
export function fuzz(data: Uint8Array): void {
  for (const input of readInput(data)) {
    if (input.kind === 'snp-report') explainSnpReport(input.bytes);
    if (input.kind === 'quote') explainQuote(input.bytes);
  }
}
