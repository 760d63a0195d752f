import { isEnclosError } from '@enclos/errors';
import { azureSnpScenario, azureTdxScenario, oldAzureDocument } from '@enclos/evidence-kit';
import { explainAzureDocument, explainHclReport } from '../src/explain/index.ts';
import { parseAzureDocument } from '../src/index.ts';

const snp = azureSnpScenario({ snp: { rsaBits: 2048 } });

const tdx = azureTdxScenario();

export const seeds: readonly Uint8Array[] = [
  snp.document,
  tdx.document,
  snp.hclReport,
  oldAzureDocument(snp, { vcek: snp.snp.leaf }),
  oldAzureDocument(tdx, { tdQuote: tdx.tdx.quote }),
];

/** Documents of Azure VMs: bounded parts or a refusal, and always an explanation. */
export function fuzz(data: Uint8Array): void {
  try {
    const { hclReport, tpmQuote } = parseAzureDocument(data);
    if (hclReport.length > data.length || tpmQuote.pcrs.some(({ length }) => length !== 32)) {
      throw new RangeError('A part of a wrong length.');
    }
  } catch (error) {
    if (!isEnclosError(error, 'EVIDENCE_REFUSED')) throw error;
  }
  explainAzureDocument(data);
  explainHclReport(data);
}
