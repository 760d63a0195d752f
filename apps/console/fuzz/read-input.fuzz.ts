import { explainFields } from '@enclos/evidence/fields';
import { azureSnpScenario, azureTdxScenario, scenario, snpScenario } from '@enclos/evidence-kit';
import { readInput } from '../src/page/input/read-input.ts';

const { quote, collateral, root, at } = scenario({});
const text = (value: string): Uint8Array => new TextEncoder().encode(value);

const snp = snpScenario({ rsaBits: 2048 });
const azure = azureSnpScenario({ snp: { rsaBits: 2048 } });

export const seeds: readonly Uint8Array[] = [
  quote,
  text(Buffer.from(quote).toString('base64')),
  text(JSON.stringify(collateral)),
  text(JSON.stringify({ quote: Buffer.from(quote).toString('hex'), collateral })),
  text(root.certificate),
  snp.report,
  azure.document,
  azureTdxScenario().document,
  azure.hclReport,
  snp.leaf,
  snp.crl,
  text('{"mrSigner":["00"],"productId":1,"minimumSecurityVersion":1,"acceptedStatuses":["OK"],"intelRoot":true}'),
];

/** Anything that is dropped is something, or said to be nothing. */
export async function fuzz(data: Uint8Array): Promise<void> {
  for (const input of readInput(data)) {
    if ('bytes' in input) await explainFields({ form: input.kind, bytes: input.bytes }, at);
  }
}
