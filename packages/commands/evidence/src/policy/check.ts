import { parseAzurePolicy, parsePolicy } from '@enclos/attestation';
import {
  BuildError,
  diagnosticAt,
  didYouMean,
  parseJsonSource,
  type Diagnostic,
  type JsonSource,
} from '@enclos/build/diagnostics';
import { isEnclosError, type EnclosError } from '@enclos/errors';
import { isRecord } from '@enclos/evidence';
import { withKind, type AnyPolicy } from '../evidence/appraisal-policy.ts';
import { ruleNames } from './rule-names.ts';

const code = 'CLI_POLICY_INVALID';
const unknownRule = 'the name of a rule';

/** A valid value for each required rule, so that the rules after a missing one are checked too. */
const placeholders: Readonly<Record<string, unknown>> = {
  acceptedStatuses: ['OK'],
  intelRoot: true,
  minimumSecurityVersion: 0,
  mrEnclave: ['00'.repeat(32)],
  productId: 0,
  softwareRoots: ['00'.repeat(32)],
  mrTd: ['00'.repeat(48)],
  rtmr0: 'any',
  rtmr1: 'any',
  rtmr2: 'any',
  rtmr3: 'any',
  measurements: ['00'.repeat(48)],
  minimumGuestSvn: 0,
  vmpl: 0,
  roots: ['00'.repeat(32)],
  signingKeys: ['VCEK'],
  cspIds: [''],
  minimumTcb: { Milan: { bootloader: 0, tee: 0, snp: 0, microcode: 0 } },
  allowSmt: false,
  allowMultipleSockets: false,
};

/** The same for a policy for Azure VMs. */
const azurePlaceholders: Readonly<Record<string, unknown>> = {
  tee: 'azure-vtpm',
  pcrs: { 0: ['00'.repeat(32)] },
  requireSecureBoot: true,
  hardware: {
    tee: 'tdx',
    acceptedStatuses: ['OK'],
    intelRoot: true,
    mrTd: ['00'.repeat(48)],
    rtmr0: 'any',
    rtmr1: 'any',
    rtmr2: 'any',
    rtmr3: 'any',
  },
};

/**
 * Checks the text of a policy, and says everything that is wrong with it at once.
 * @throws CLI_POLICY_INVALID with a diagnostic for each problem.
 */
export async function checkPolicyText(file: string, text: string): Promise<AnyPolicy> {
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
  readonly policy?: AnyPolicy;
} {
  const problems: Problem[] = [];
  let rules = value;
  // Each turn either ends it, or mends a field that no turn has mended before.
  for (;;) {
    const attempt = tryPolicy(rules);
    if (!('problem' in attempt)) return { problems, policy: attempt.policy };
    const { problem } = attempt;
    if (problems.some(({ field }) => field === problem.field)) return { problems };
    problems.push(problem);
    rules = mended(rules, problem.field.split('.'));
  }
}

/** A copy with a right value for what is wrong, or without it. The rules for the hardware of an Azure VM are mended in their turn. */
function mended(
  rules: Readonly<Record<string, unknown>>,
  [name = '', ...rest]: readonly string[],
): Readonly<Record<string, unknown>> {
  const right = isForAzure(rules) ? azurePlaceholders : { ...placeholders, tee: likelyTee(rules) };
  const { [name]: wrong, ...others } = rules;
  if (name === 'hardware' && rest.length > 0 && isRecord(wrong)) {
    return { ...others, hardware: mended(wrong, rest) };
  }
  const value = new Map<string, unknown>(Object.entries(right)).get(name);
  return value === undefined ? others : { ...others, [name]: value };
}

function tryPolicy(
  rules: Readonly<Record<string, unknown>>,
): { readonly policy: AnyPolicy } | { readonly problem: Problem } {
  try {
    if (isForAzure(rules)) return { policy: { kind: 'azure', rules: parseAzurePolicy(rules) } };
    return { policy: withKind(parsePolicy(rules)) };
  } catch (error) {
    if (!isEnclosError(error, 'APPRAISAL_REFUSED')) throw error;
    const { field, expected } = error.details;
    return { problem: { field: String(field), expected: String(expected) } };
  }
}

/** Recognises a policy by its name, or by a rule that only such a policy has. */
function isForAzure(rules: Readonly<Record<string, unknown>>): boolean {
  return rules['tee'] === 'azure-vtpm' || Object.hasOwn(rules, 'pcrs');
}

/** The TEE that a policy without a TEE, or with a misspelt one, seems to be for. */
function likelyTee(rules: Readonly<Record<string, unknown>>): 'sgx' | 'tdx' | 'sev-snp' {
  if (Object.hasOwn(rules, 'measurements')) return 'sev-snp';
  return Object.hasOwn(rules, 'mrTd') ? 'tdx' : 'sgx';
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
  // Rules within rules are named with their path.
  const path = field.split('.');
  const isThere = valueAt(source.value, path) !== undefined;
  if (expected === unknownRule) {
    const meant = didYouMean(path.at(-1) ?? field, names);
    const suggestion = meant === undefined ? undefined : `"${meant}" — did you mean that?`;
    return problemAt(file, source.locateKey(path), `unknown rule "${field}"`, suggestion);
  }
  if (isThere) return problemAt(file, source.locate(path), `${field} must be ${expected}`);
  const { start } = source.locate(path.slice(0, -1));
  const wanted = expected === 'present' ? `${field} is missing` : `${field} is missing: wanted is ${expected}`;
  return problemAt(file, { start, end: start + 1 }, wanted);
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((inner, name) => (isRecord(inner) ? inner[name] : undefined), value);
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
