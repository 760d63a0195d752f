import './errors.ts';
export { type Claim, type ClaimIssuer, type ClaimValue } from './claim.ts';
export {
  evaluateConfiguration,
  evaluateConfigurationInTurns,
  evaluatePolicy,
  evaluatePolicyInTurns,
  type ConfigurationOptions,
  type Evaluation,
  type EvaluationOptions,
} from './evaluation/evaluate.ts';
export { type Refusal } from './evaluation/run.ts';
export { type Firing, type TraceEntry } from './evaluation/trace.ts';
export { type PolicyLimits } from './limits.ts';
export { type AttestationType, type PolicyTexts } from './policies/attestation-type.ts';
export { defaultPolicies } from './policies/default-policies.ts';
export { strictPolicies } from './policies/strict-policies.ts';
export {
  codeFrame,
  PolicyError,
  toDiagnostic,
  type CodeFrameOptions,
  type PolicyDiagnostic,
  type PolicyErrorCode,
  type PolicySpan,
} from './policy-error.ts';
export {
  type Action,
  type Condition,
  type Expression,
  type Policy,
  type PolicyVersion,
  type PropertyCondition,
  type Rule,
  type Section,
  type SectionName,
} from './syntax/ast.ts';
export { formatPolicy } from './syntax/format.ts';
export { parsePolicy } from './syntax/parse.ts';
export { type Turns } from './work.ts';
