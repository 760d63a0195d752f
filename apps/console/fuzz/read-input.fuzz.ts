import { explainQuote } from '@enclos/attestation/explain';
import { scenario } from '@enclos/evidence-kit';
import { policyOf } from '../src/page/input/policy.ts';
import { readInput } from '../src/page/input/read-input.ts';

const { quote, collateral, root } = scenario({});
const text = (value: string): Uint8Array => new TextEncoder().encode(value);

export const seeds: readonly Uint8Array[] = [
  quote,
  text(Buffer.from(quote).toString('base64')),
  text(JSON.stringify(collateral)),
  text(JSON.stringify({ quote: Buffer.from(quote).toString('hex'), collateral })),
  text(root.certificate),
  text('{"mrSigner":["00"],"productId":1,"minimumSecurityVersion":1,"acceptedStatuses":["OK"],"intelRoot":true}'),
];

/** Anything that is dropped is something, or said to be nothing; a policy of any shape makes no date of a stranger. */
export function fuzz(data: Uint8Array): void {
  for (const input of readInput(data)) {
    if (input.kind === 'policy') policyOf(input.rules);
    if (input.kind === 'quote') explainQuote(input.bytes);
  }
}
