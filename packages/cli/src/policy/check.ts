import { parsePolicy, type AppraisalPolicy } from '@enclos/attestation';
import {
  BuildError,
  diagnosticAt,
  didYouMean,
  parseJsonSource,
  type Diagnostic,
  type JsonSource,
} from '@enclos/build/diagnostics';
import { isEnclosError, type EnclosError } from '@enclos/errors';
import { isRecord } from '../evidence/text-forms.ts';
import { ruleNames } from './rule-names.ts';

const code = 'CLI_POLICY_INVALID';
const unknownRule = 'the name of a rule';

/** A value that is right, for each rule that must be there: so that what comes after a missing one is checked too. */
const placeholders: Readonly<Record<string, unknown>> = {
  acceptedStatuses: ['OK'],
  intelRoot: true,
  minimumSecurityVersion: 0,
  mrEnclave: ['00'.repeat(32)],
  productId: 0,
  softwareRoots: ['00'.repeat(32)],
  tee: 'sgx',
  mrTd: ['00'.repeat(48)],
  rtmr0: 'any',
  rtmr1: 'any',
  rtmr2: 'any',
  rtmr3: 'any',
};

/**
 * Checks the text of a policy, and says everything that is wrong with it at once.
 * @throws CLI_POLICY_INVALID with a diagnostic for each problem.
 */
export async function checkPolicyText(file: string, text: string): Promise<AppraisalPolicy> {
  const source = parseJsonSource(file, text, code);
  if (!isRecord(source.value)) {
    throw invalid(file, [problemAt({ file, text }, source.locate([]), 'a policy is a JSON object')]);
  }
  const { problems, policy } = problemsOf(source.value);
  if (problems.length === 0 && policy !== undefined) return policy;
  const names = await ruleNames();
  throw invalid(
    file,
    problems.map((problem) => diagnosticOf(problem, { file, text, source }, names)),
  );
}

interface Problem {
  readonly field: string;
  readonly expected: string;
}

/**
 * The rules are checked by the appraisal itself, which stops at the first
 * problem: that one is noted and mended, until nothing is left to mend.
 */
function problemsOf(value: Readonly<Record<string, unknown>>): {
  readonly problems: readonly Problem[];
  readonly policy?: AppraisalPolicy;
} {
  const problems: Problem[] = [];
  const rules: Record<string, unknown> = { ...value };
  // Each turn either ends it, or mends a field that no turn has mended before.
  for (;;) {
    const attempt = tryPolicy(rules);
    if (!('problem' in attempt)) return { problems, policy: attempt.policy };
    const { problem } = attempt;
    if (problems.some(({ field }) => field === problem.field)) return { problems };
    problems.push(problem);
    if (Object.hasOwn(placeholders, problem.field)) rules[problem.field] = placeholders[problem.field];
    else delete rules[problem.field];
  }
}

function tryPolicy(rules: unknown): { readonly policy: AppraisalPolicy } | { readonly problem: Problem } {
  try {
    return { policy: parsePolicy(rules) };
  } catch (error) {
    if (!isEnclosError(error, 'APPRAISAL_REFUSED')) throw error;
    const { field, expected } = error.details;
    return { problem: { field: String(field), expected: String(expected) } };
  }
}

interface PolicyFile {
  readonly file: string;
  readonly text: string;
}

function diagnosticOf(
  { field, expected }: Problem,
  { source, ...file }: PolicyFile & { readonly source: JsonSource },
  names: readonly string[],
): Diagnostic {
  const isThere = isRecord(source.value) && Object.hasOwn(source.value, field);
  if (expected === unknownRule) {
    const meant = didYouMean(field, names);
    const suggestion = meant === undefined ? undefined : `"${meant}" — did you mean that?`;
    return problemAt(file, source.locateKey([field]), `unknown rule "${field}"`, suggestion);
  }
  if (isThere) return problemAt(file, source.locate([field]), `${field} must be ${expected}`);
  const { start } = source.locate([]);
  const wanted = expected === 'present' ? `${field} is missing` : `${field} is missing: wanted is ${expected}`;
  return problemAt(file, { start, end: start + 1 }, wanted);
}

function problemAt(
  file: PolicyFile,
  span: { readonly start: number; readonly end: number },
  text: string,
  suggestion?: string,
): Diagnostic {
  return diagnosticAt(file, span, { code, text, suggestion });
}

function invalid(file: string, diagnostics: readonly Diagnostic[]): EnclosError {
  const count = diagnostics.length;
  const message = `${file} is not a policy: ${count} ${count === 1 ? 'problem' : 'problems'}.`;
  return new BuildError(code, message, diagnostics, { details: { path: file } });
}
