import type { Action, Condition, Expression, Policy, PropertyCondition, Rule, SectionName } from '@enclos/claim-rules';

const issuerWords: Readonly<Record<string, string>> = {
  AttestationService: 'of the service',
  AttestationPolicy: 'of the policy itself',
  CustomClaim: 'of the client',
};

const comparisons: Readonly<Record<PropertyCondition['operator'], string>> = {
  '==': 'is',
  '!=': 'is not',
  '<': 'is below',
  '<=': 'is at most',
  '>': 'is above',
  '>=': 'is at least',
};

/** What a policy of the claim-rule language permits, denies and issues, rule by rule. */
export function claimRuleSentences({ version, sections, text }: Policy): readonly string[] {
  const rulesOf = (name: SectionName): readonly Rule[] =>
    sections.flatMap((section) => (section.name === name ? section.rules : []));
  const sentences = (name: SectionName, before: string): readonly string[] =>
    rulesOf(name).map((rule) => `${before}${sentenceOf(rule, text)}`);
  const authorization = rulesOf('authorizationrules');
  return [
    `This is a policy in the claim-rule language of Azure Attestation, version ${version}.`,
    ...sentences('configurationrules', 'Before it sees evidence: '),
    ...sentences('authorizationrules', ''),
    authorization.some(({ action }) => action.kind === 'permit')
      ? 'It refuses everything that it does not permit, and a deny overrides every permit.'
      : 'No rule permits, so it refuses everything.',
    ...sentences('issuancerules', 'When it permits: '),
  ];
}

function sentenceOf({ conditions, action }: Rule, text: string): string {
  const does = actionWords(action, text);
  if (conditions.length === 0) return `${does} for any claims.`;
  return `${does} when there is ${conditions.map((condition) => conditionWords(condition, text)).join(', and ')}.`;
}

function actionWords(action: Action, text: string): string {
  switch (action.kind) {
    case 'permit':
      return 'It permits';
    case 'deny':
      return 'It denies';
    case 'pass':
      return `It issues the claim ${action.identifier}`;
    default: {
      const claim = `${written(action.type, text)} with the value ${written(action.value, text)}`;
      if (action.kind === 'add') return `It notes the claim ${claim} for later rules`;
      return action.kind === 'issue' ? `It issues the claim ${claim}` : `It sets the property ${claim}`;
    }
  }
}

function conditionWords({ negated, identifier, properties }: Condition, text: string): string {
  const type = properties.find(({ property, operator }) => property === 'type' && operator === '==');
  const issuer = properties.find(({ property, operator, expression }) => {
    const known = expression.kind === 'literal' && issuerWords[String(expression.value)] !== undefined;
    return property === 'issuer' && operator === '==' && known;
  });
  const rest = properties.filter((property) => property !== type && property !== issuer);
  const issuerName = issuer?.expression.kind === 'literal' ? String(issuer.expression.value) : '';
  return [
    negated ? 'no claim' : 'a claim',
    ...(identifier === undefined ? [] : [identifier]),
    ...(type === undefined ? [] : [written(type.expression, text)]),
    ...(issuer === undefined ? [] : [issuerWords[issuerName] ?? '']),
    ...(rest.length === 0 ? [] : [`whose ${rest.map((property) => propertyWords(property, text)).join(' and ')}`]),
  ].join(' ');
}

function propertyWords({ property, operator, expression }: PropertyCondition, text: string): string {
  return `${property} ${comparisons[operator]} ${written(expression, text)}`;
}

function written({ span }: Expression, text: string): string {
  return text.slice(span.start, span.end).replaceAll(/\s+/g, ' ');
}
