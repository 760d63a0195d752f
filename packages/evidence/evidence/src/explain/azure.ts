import { explainAzureDocument, explainHclReport } from '@enclos/attestation/explain';
import { nodesOf } from './fields.ts';
import type { ExplainNode } from './nodes.ts';

/** An HCL report with the hardware's report and the runtime data in it. */
export function hclNodes(bytes: Uint8Array): readonly ExplainNode[] {
  return explainHclReport(bytes).flatMap(({ fields = [] }) => nodesOf(fields));
}

/** The evidence of an Azure VM: HCL report, TPM quote, PCRs, and what came along. */
export function azureNodes(document: Uint8Array): readonly ExplainNode[] {
  return nodesOf(explainAzureDocument(document));
}
