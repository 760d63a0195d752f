import { evaluatePolicy, formatPolicy, parsePolicy, PolicyError, strictPolicies, type Claim } from '../src/index.ts';

const seed = (text: string): Uint8Array => new TextEncoder().encode(text);

export const seeds: readonly Uint8Array[] = [
  ...Object.values(strictPolicies).map(seed),
  seed(`version=1.2; /* c */ configurationrules { => issueproperty(type="p", value=15); };
authorizationrules { // d
  a:[type=="x", value>=1, valueType=="Integer"] && !b:[issuer!="CustomClaim", value==a.value] => permit();
  c:[type=="j"] => add(type="s", value=JsonToClaimValue(JmesPath(c.value, "a[?b == \`1\`].c | [0]")));
};
issuancerules {
  c:[type=="s"] => issue(claim=c);
  c:[type=="s"] && d:[type="t"] => issue(type=AppendString("k", c.type), value=IsSubsetOf(c.value, d.value));
  c:[type=="s"] => issueproperty(type="q", value=NegateBool(ContainsOnlyValue(c.value, true)), valueType="Boolean");
};`),
  seed('version=1.0; authorizationrules { [type==“a”] => permit() }; issuancerules { => issue("x", value=0x1); };'),
];

const claims: readonly Claim[] = [
  { type: 'x', value: 1, issuer: 'AttestationService' },
  { type: 'j', value: '{"a": [{"b": 1, "c": [true, "v", 2]}]}', issuer: 'AttestationService' },
  { type: 't', value: true, issuer: 'CustomClaim' },
  { type: 'pcrs', value: '{}', issuer: 'AttestationService' },
];
const limits = { maxSteps: 100_000 };

/** Whatever the text is: diagnostics that point into it, or a policy that is the same when it is formatted. */
export function fuzz(data: Uint8Array): void {
  const text = new TextDecoder().decode(data);
  try {
    const policy = parsePolicy(text, limits);
    const formatted = formatPolicy(policy);
    if (formatPolicy(formatted) !== formatted) throw new Error('Formatted twice it is another text.');
    compare(outcome(text), outcome(formatted));
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    for (const { span } of error.diagnostics) {
      if (span.start < 0 || span.end < span.start || span.end > text.length || span.line < 1 || span.column < 1) {
        throw new Error('A problem outside of the text.', { cause: error });
      }
    }
  }
}

function outcome(text: string): string {
  try {
    const { permitted, outgoing, properties, steps } = evaluatePolicy(parsePolicy(text), { claims, limits });
    return JSON.stringify({ permitted, outgoing, properties, steps });
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    return error.code;
  }
}

function compare(left: string, right: string): void {
  if (left !== right) throw new Error('Formatting changed what the policy means.');
}
