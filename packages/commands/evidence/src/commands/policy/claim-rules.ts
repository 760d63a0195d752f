import { readFile } from 'node:fs/promises';
import { writeFileAtomically } from '@enclos/build';
import { evaluatePolicy, formatPolicy, type Claim, type Evaluation, type Policy } from '@enclos/claim-rules';
import { EnclosError } from '@enclos/errors';
import { readClaims } from './claims-file.ts';
import { readClaimRules, withPlaces } from './read-claim-rules.ts';

export interface TestPolicyOptions {
  /** Absolute. */
  readonly path: string;
  readonly claimsPath: string;
  readonly expect?: 'permit' | 'deny' | undefined;
}

export interface TestedPolicy {
  readonly path: string;
  readonly policy: Policy;
  readonly claims: readonly Claim[];
  readonly evaluation: Evaluation;
  /** When the policy did not decide as it should. */
  readonly failure?: EnclosError;
}

/**
 * Evaluates a policy of the claim-rule language on claims.
 * @throws CLI_FILE_UNREADABLE, CLI_FILE_INVALID, CLAIM_RULES_SYNTAX and its kind
 */
export async function testPolicy({ path, claimsPath, expect }: TestPolicyOptions): Promise<TestedPolicy> {
  const { policy } = await readClaimRules(path);
  const claims = await readClaims(claimsPath);
  const evaluation = withPlaces({ file: path, text: policy.text }, () =>
    evaluatePolicy(policy, { claims, trace: true }),
  );
  const failure = failureOf(evaluation, expect);
  return { path, policy, claims, evaluation, ...(failure === undefined ? {} : { failure }) };
}

function failureOf({ permitted, refusal }: Evaluation, expect: TestPolicyOptions['expect']): EnclosError | undefined {
  const why = refusal?.reason === 'denied' ? `the rule in line ${refusal.rule?.line ?? 0} denies` : 'no rule permits';
  if (permitted === (expect !== 'deny')) return undefined;
  if (expect === undefined) {
    return new EnclosError('CLAIM_RULES_REFUSED', `The policy does not permit these claims: ${why}.`);
  }
  const did = permitted ? 'permits these claims' : `does not permit these claims: ${why}`;
  return new EnclosError('CLI_POLICY_UNEXPECTED', `The policy ${did}.`, { details: { expected: expect } });
}

export interface FormattedPolicy {
  readonly path: string;
  readonly text: string;
  /** Whether the file had another form. */
  readonly changed: boolean;
  readonly written: boolean;
}

/** Formats a policy, and writes it back if asked to. @throws as {@link testPolicy} */
export async function formatPolicyFile(path: string, write: boolean): Promise<FormattedPolicy> {
  const { policy, foundIn } = await readClaimRules(path);
  const text = formatPolicy(policy);
  if (write && foundIn !== undefined) {
    const message = `${path} is ${foundIn}, not a policy alone, and cannot be written back: leave out --write to print it.`;
    throw new EnclosError('CLI_FILE_INVALID', message, { details: { path } });
  }
  // Compare bytes: the text that was read has no byte order mark.
  const changed = !Buffer.from(text).equals(await readFile(path));
  if (write && changed) await writeFileAtomically(path, text);
  return { path, text, changed, written: write && changed };
}
