import { explainAzureDocument, explainHclReport, type ExplainedField } from '@enclos/attestation/explain';
import type { ExplainNode } from './nodes.ts';

/** An HCL report with the hardware's report and the runtime data in it. */
export function hclNodes(bytes: Uint8Array): readonly ExplainNode[] {
  return explainHclReport(bytes).flatMap(({ fields = [] }) => fields.flatMap(nodeOf));
}

/** The evidence of an Azure VM: HCL report, TPM quote, PCRs, and what came along. */
export function azureNodes(document: Uint8Array): readonly ExplainNode[] {
  return explainAzureDocument(document).flatMap(nodeOf);
}

/** Reserved bytes are shown only when they are not zero, which they should be. */
function nodeOf({ name, offset, sizeBytes, value, meaning, problem, fields }: ExplainedField): readonly ExplainNode[] {
  if (name === 'reserved' && meaning === 'zero') return [];
  const isGroup = fields !== undefined || (value === '' && problem !== undefined);
  const note = problem === undefined ? meaning : `${problem}: cut off, or malformed`;
  return [
    {
      label: name,
      ...(isGroup ? {} : { value }),
      ...(isGroup || sizeBytes === 0 ? {} : { offset, sizeBytes }),
      ...(note === undefined ? {} : { note }),
      ...(fields === undefined ? {} : { children: fields.flatMap(nodeOf) }),
    },
  ];
}
