import { azureEvidence } from './azure-evidence.ts';
import type { EvidenceForm, TypedExplanation, FormName, FoundOf } from './form.ts';
import { quote } from './quote.ts';
import { snpReport } from './snp-report.ts';

/** Every form of evidence: how it is recognised, explained and verified. */
export const evidenceForms: { readonly [Name in FormName]: EvidenceForm<Name> } = Object.freeze({
  quote,
  'snp-report': snpReport,
  'azure-evidence': azureEvidence,
});

/** What evidence says, by its form. */
export function explainEvidence<Name extends FormName>(
  found: FoundOf<Name> & { readonly form: Name },
): TypedExplanation {
  return evidenceForms[found.form].explain(found);
}
