/** `@enclos/evidence`: what bytes are, and the evidence in them, whatever it is wrapped in. */
export { amdRoots } from './recognise/amd-roots.ts';
export { amdRoleOf, type AmdRole } from './recognise/amd-role.ts';
export { attempt } from './recognise/attempt.ts';
export { snpReportBytes } from './recognise/binary-forms.ts';
export { describeCertificate, type CertificateDescription } from './recognise/certificate.ts';
export {
  certificatesIn,
  piecesIn,
  type AzureEvidenceFinding,
  type CertificateFinding,
  type EvidenceFinding,
  type Finding,
  type Inner,
  type JsonFinding,
  type Piece,
  type QuoteFinding,
  type RevocationListFinding,
  type SnpReportFinding,
  type TokenFinding,
  type WrapperFinding,
} from './recognise/finding.ts';
export { jsonKindOf, type JsonKind } from './recognise/json-kinds.ts';
export { describeFound } from './describe.ts';
export { evidenceForms } from './forms/index.ts';
export type { EvidenceForm, FormName, FormTypes } from './forms/form.ts';
export { recognise } from './recognise.ts';
export { asText, isRecord, readJson } from './recognise/text-forms.ts';
