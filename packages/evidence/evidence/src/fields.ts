import { hclNodes } from './explain/azure.ts';
import { withDatesAt } from './explain/dates.ts';
import { withFingerprintsAsync } from './explain/fingerprints.ts';
import type { ExplainNode } from './explain/nodes.ts';
import type { FormName } from './forms/form.ts';
import { evidenceForms } from './forms/index.ts';
import { quoteLength } from './recognise/binary-forms.ts';

export type { ExplainNode };

/** Bytes whose form is known: evidence, with whatever follows it, or an HCL report. */
export interface FormedBytes {
  readonly form: FormName | 'hcl-report';
  readonly bytes: Uint8Array;
}

/**
 * What the fields of evidence say, as far as its bytes go: what `explainAsync` says of it, without the readers of
 * everything that may carry evidence. For pages, which load each byte of this code. It never throws.
 *
 * @param now dates that are not met at this time are marked.
 */
export async function explainFields(evidence: FormedBytes, now: Date): Promise<readonly ExplainNode[]> {
  return withFingerprintsAsync(withDatesAt(fieldsOf(evidence), now));
}

function fieldsOf({ form, bytes: whole }: FormedBytes): readonly ExplainNode[] {
  const alone = { bytes: whole, whole, trailingBytes: 0, inner: [] } as const;
  switch (form) {
    case 'quote': {
      const bytes = whole.subarray(0, quoteLength(whole));
      const trailingBytes = whole.length - bytes.length;
      return evidenceForms.quote.explain({ ...alone, form, bytes, trailingBytes }).nodes;
    }
    case 'snp-report':
      return evidenceForms[form].explain({ ...alone, form }).nodes;
    case 'azure-evidence':
      return evidenceForms[form].explain({ ...alone, form }).nodes;
    case 'hcl-report':
      return hclNodes(whole);
  }
}
