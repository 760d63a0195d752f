import type { Claim, Firing, TraceEntry } from '@enclos/claim-rules';
import { defineCommand } from '@enclos/cli-frame';
import { markOf } from '@enclos/cli-frame/output';
import { printable, type Printer } from '@enclos/command-line';
import { testPolicy, type TestedPolicy } from './claim-rules.ts';

export const command = defineCommand({
  description: [
    'Evaluates a policy in the claim-rule language of Azure Attestation on claims, and prints what it decides and issues.',
    'Nothing is attested: the claims are what the file says.',
    '',
    'CLAIMS is JSON.',
    'An object holds values by type, as a token does: `{"x-ms-sgx-svn": 3}`.',
    'They are claims of the service, and a list makes several.',
    'A list holds claims: `[{"type": "os", "value": "x", "issuer": "CustomClaim"}]`; without an issuer they are claims of the client.',
    'An object as a value becomes its JSON.',
  ],
  arguments: { file: { value: 'FILE', summary: 'The policy', required: true } },
  options: {
    claims: {
      type: 'string',
      value: 'CLAIMS',
      summary: 'The claims to evaluate the policy on, JSON',
      required: true,
      extensions: ['json'],
    },
    expect: {
      type: 'string',
      value: 'WHAT',
      choices: ['permit', 'deny'],
      summary: 'The decision to expect: permit by default; deny means any refusal',
    },
    trace: { type: 'boolean', summary: 'Show which rules fired, with which claims, and why others did not' },
  },
  examples: [
    {
      command: 'enclos policy test sgx.policy --claims debug.json --expect deny',
      summary: 'Test a policy in a pipeline',
    },
    {
      command: 'enclos policy test sgx.policy --claims claims.json --trace',
      summary: 'Find out why a policy does not permit',
    },
  ],
  exitCodes: {
    2: 'The policy or the claims are invalid, or a rule cannot be applied to them.',
    4: 'The policy does not permit the claims, or its decision is not the expected one.',
  },
  async run({ arguments: { file }, options: { claims, expect, trace } }, { path }) {
    return { ...(await testPolicy({ path: path(file), claimsPath: path(claims), expect })), trace };
  },
  human({ evaluation, policy, trace }, printer) {
    const { permitted, refusal, outgoing, properties } = evaluation;
    if (trace) for (const entry of evaluation.trace ?? []) renderEntry(entry, policy.text, printer);
    const refused = refusal?.reason === 'denied' ? `denied by line ${refusal.rule?.line ?? 0}` : 'not permitted';
    printer.line(`${markOf(permitted ? 'ok' : 'failure', printer)} ${permitted ? 'permitted' : refused}`);
    renderClaims('outgoing', outgoing, printer);
    renderClaims('properties', properties, printer);
  },
  json: ({ path, evaluation, trace }) => {
    const { trace: entries, ...result } = evaluation;
    return { path, ...result, ...(trace ? { trace: entries } : {}) };
  },
  failure: ({ failure }: TestedPolicy) => failure,
});

function renderClaims(name: string, claims: readonly Claim[], printer: Printer): void {
  if (claims.length === 0) return;
  printer.line(`  ${printer.paint('dim', name)}`);
  for (const claim of claims) printer.line(`    ${words(claim)}`);
}

const longestShown = 100;

function words({ type, value, issuer }: Claim): string {
  const text = JSON.stringify(value);
  const shown = text.length > longestShown ? `${text.slice(0, longestShown)}…` : text;
  return printable(`${type} = ${shown}${issuer === 'AttestationPolicy' ? '' : ` (${issuer})`}`);
}

const verbs: Readonly<Record<Firing['did'], string>> = {
  permitted: 'permitted',
  denied: 'denied',
  added: 'added',
  issued: 'issued',
  'issued-property': 'set the property',
};

function renderEntry({ rule, fired, firings, failedCondition }: TraceEntry, text: string, printer: Printer): void {
  const sliced = ({ start, end }: { readonly start: number; readonly end: number }): string =>
    printable(text.slice(start, end).replaceAll(/\s+/g, ' '));
  printer.line(`${markOf(fired ? 'ok' : 'info', printer)} ${printer.paint('dim', `${rule.line}:`)} ${sliced(rule)}`);
  if (failedCondition !== undefined) {
    printer.line(
      `    ${printer.paint('dim', 'did not fire:')} no combination of claims satisfies ${sliced(failedCondition)}`,
    );
  }
  for (const { matched, did, claims } of firings) {
    for (const found of matched) {
      for (const claim of found) printer.line(`    ${printer.paint('dim', 'with')} ${words(claim)}`);
    }
    const what = claims.map(words).join(', ');
    const nothing = did === 'permitted' || did === 'denied' ? '' : ' nothing: the value is null';
    printer.line(`    ${printer.paint('green', verbs[did])}${what === '' ? nothing : ` ${what}`}`);
  }
}
