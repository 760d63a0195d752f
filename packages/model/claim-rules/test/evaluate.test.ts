import assert from 'node:assert/strict';
import { test } from 'node:test';
import { evaluateConfiguration, parsePolicy, type Claim } from '../src/index.ts';
import { authorizing, claim, evaluate, issued, issuing, policyError, shown } from './claims.ts';

const debug = claim('debug', false);

test('a permit permits, and nothing else does', () => {
  assert.deepEqual(evaluate(authorizing('=> permit();')).permitted, true);
  assert.deepEqual(evaluate(authorizing('')).refusal, { reason: 'not-permitted' });
  assert.deepEqual(evaluate(authorizing('[type=="debug", value==false] => permit();'), [debug]).permitted, true);
  assert.deepEqual(evaluate(authorizing('[type=="debug", value==true] => permit();'), [debug]).permitted, false);
});

test('a deny wins, before a permit and after it', () => {
  for (const rules of ['=> permit(); => deny();', '=> deny(); => permit();']) {
    const text = `${authorizing(rules)} issuancerules { => issue(type="a", value=1); };`;
    const { permitted, refusal, outgoing } = evaluate(text);
    assert.deepEqual([permitted, refusal?.reason, outgoing], [false, 'denied', []]);
    assert.equal(text.slice(refusal?.rule?.start, refusal?.rule?.end), 'deny()');
  }
});

test('nothing is issued without a permit, but properties of the configuration are told', () => {
  const text = `version=1.1; configurationrules { => issueproperty(type="p", value=1); }; authorizationrules {};
    issuancerules { => issue(type="a", value=1); => issueproperty(type="q", value=2); };`;
  const { outgoing, properties } = evaluate(text);
  assert.deepEqual([shown(outgoing), shown(properties)], [[], ['p=1']]);
});

test('configuration is found before any claim is', () => {
  const policy = parsePolicy(`version=1.1; configurationrules {
      => issueproperty(type="p", value="10");
      c:[type=="p", issuer=="AttestationPolicy"] => issueproperty(type="q", value=c.value);
      [issuer=="AttestationService"] => issueproperty(type="seen", value=true);
    }; authorizationrules { [type=="p"] && [type=="q", value=="10"] => permit(); };`);
  assert.deepEqual(shown(evaluateConfiguration(policy)), ['p="10"', 'q="10"']);
  const { permitted, properties } = evaluate(policy.text, [debug]);
  assert.deepEqual([permitted, shown(properties)], [true, ['p="10"', 'q="10"']]);
  assert.deepEqual(evaluateConfiguration(parsePolicy('version=1.0; authorizationrules {};')), []);
});

test('a condition is true of a claim that has each of its properties', () => {
  const claims: readonly Claim[] = [claim('a', 5, 'CustomClaim'), claim('a', '5'), claim('b', true)];
  for (const [condition, count] of [
    ['type=="a"', 2],
    ['type!="a"', 1],
    ['value==5', 1],
    ['value=="5"', 1],
    ['value!=5', 2],
    ['value==true', 1],
    ['value!=true', 2],
    ['value>4', 1],
    ['value>=5', 1],
    ['value>5', 0],
    ['value<6', 1],
    ['value<=5', 1],
    ['value<5', 0],
    ['valueType=="Integer"', 1],
    ['valueType!="String"', 2],
    ['issuer=="CustomClaim"', 1],
    ['issuer!="CustomClaim"', 2],
    ['type=="a", issuer=="AttestationService"', 1],
    ['type=="a", value>0, issuer=="AttestationService"', 0],
  ] as const) {
    const { outgoing } = evaluate(issuing(`c:[${condition}] => issue(claim=c);`), claims);
    assert.equal(outgoing.length, count, condition);
  }
});

test('a rule fires for each choice of the claims that its action names', () => {
  const claims = [claim('a', 1), claim('a', 2), claim('b', 3), claim('b', 4)];
  assert.deepEqual(issued('c:[type=="a"] => issue(type="x", value=c.value);', claims), ['x=1', 'x=2']);
  const pairs = 'c:[type=="a"] && d:[type=="b"] => issue(type=c.type, value=d.value);';
  assert.deepEqual(issued(pairs, claims), ['a=3', 'a=4']);
});

test('a claim is in a set once, but for those of one list', () => {
  assert.deepEqual(issued('=> issue(type="x", value=1); => issue(type="x", value=1); => issue(type="x", value="1");'), [
    'x=1',
    'x="1"',
  ]);
  assert.deepEqual(
    issued(
      '=> issue(type="x", value=JsonToClaimValue("[1, 1]")); => issue(type="x", value=JsonToClaimValue("[1, 2]"));',
    ),
    ['x=1', 'x=1', 'x=2'],
  );
  // Claims of two issuers are two, and so are those that came in twice.
  const rules =
    'c:[type=="x"] => issue(claim=c); c:[type=="x"] => issue(type="x", value=c.value); => issue(type="n", value=true);';
  const { outgoing } = evaluate(issuing(rules), [claim('x', 1), claim('x', 1)]);
  assert.deepEqual(outgoing, [
    claim('x', 1),
    claim('x', 1, 'AttestationPolicy'),
    claim('n', true, 'AttestationPolicy'),
  ]);
});

test('conditions that the action does not need say whether, and not how often', () => {
  const claims = [claim('a', 1), claim('a', 2), claim('b', 3)];
  assert.deepEqual(issued('[type=="a"] => issue(type="x", value=1);', claims), ['x=1']);
  assert.deepEqual(issued('c:[type=="a"] => issue(type="x", value=1);', claims), ['x=1']);
  assert.deepEqual(issued('[type=="a"] && c:[type=="b"] => issue(claim=c);', claims), ['b=3']);
  assert.deepEqual(issued('c:[type=="a"] && d:[type=="b", value!=c.value] => issue(claim=d);', claims), ['b=3']);
});

test('a condition may ask for what an earlier one found', () => {
  const claims = [claim('os', 'x', 'CustomClaim'), claim('os', 'y', 'CustomClaim'), claim('os', 'y')];
  const rule =
    'f:[type=="os", issuer=="CustomClaim"] && c:[type=="os", issuer=="AttestationService", value==f.value] => ';
  assert.deepEqual(issued(`${rule} issue(type="match", value=f.value);`, claims), ['match="y"']);
  assert.deepEqual(issued(`${rule} issue(claim=c);`, claims.slice(0, 1)), []);
});

test('! is true when there is no such claim', () => {
  const rules =
    '![type=="a"] => issue(type="none", value=true); c:[type=="b"] && ![value==c.value, type!="b"] => issue(claim=c);';
  assert.deepEqual(issued(rules, [claim('b', 1), claim('b', 2), claim('d', 2)]), ['none=true', 'b=1']);
  assert.deepEqual(issued('![type=="a"] => issue(type="none", value=true);', [claim('a', 1)]), []);
});

test('rules see what earlier rules added, and never what they add themselves', () => {
  const rules = `=> add(type="a", value=1);
    c:[type=="a"] => issue(type="a", value=c.value);
    c:[type=="a"] => issue(type="b", value=c.value);`;
  assert.deepEqual(issued(rules), ['a=1', 'b=1']);
});

test('add adds to the incoming set, issue to the outgoing one too, and issueproperty to the properties', () => {
  const { outgoing, properties } = evaluate(
    issuing(`=> add(type="a", value=1); => issue(type="b", value=2); => issueproperty(type="p", value=3);
      c:[issuer=="AttestationPolicy"] => issue(type="seen", value=c.type);`),
  );
  assert.deepEqual(shown(outgoing), ['b=2', 'seen="a"', 'seen="b"', 'seen="p"']);
  assert.deepEqual(properties, [{ type: 'p', value: 3, issuer: 'AttestationPolicy' }]);
});

test('what a policy makes is issued by the policy; a whole claim keeps its issuer and is not added again', () => {
  const { outgoing } = evaluate(
    issuing(
      'c:[type=="a"] => issue(claim=c); c:[type=="a"] => issue(type="b", value=c.value, valueType="Integer", issuer="AttestationPolicy"); c:[type=="a"] => issue(claim=c);',
    ),
    [claim('a', 1, 'CustomClaim')],
  );
  assert.deepEqual(outgoing, [claim('a', 1, 'CustomClaim'), claim('b', 1, 'AttestationPolicy')]);
});

test('issue in authorizationrules adds, and reaches no token', () => {
  const text = authorizing(
    '=> issue(type="a", value=1); c:[type=="a"] => issue(claim=c); [type=="a", value==1] => permit();',
  );
  const { permitted, outgoing } = evaluate(text);
  assert.deepEqual([permitted, outgoing], [true, []]);
});

test('a claim of the client is not one of the service', () => {
  const text = authorizing('[type=="debug", value==false, issuer=="AttestationService"] => permit();');
  assert.equal(evaluate(text, [claim('debug', false, 'CustomClaim')]).permitted, false);
  assert.equal(evaluate(text, [claim('debug', false, 'AttestationPolicy')]).permitted, false);
});

test('names that mean something to JavaScript mean nothing here', () => {
  for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
    const rules = `![type=="${name}"] => issue(type="absent", value=true); __proto__:[type=="${name}"] => issue(type=__proto__.type, value=__proto__.value);`;
    assert.deepEqual(issued(rules), ['absent=true']);
    assert.deepEqual(issued(rules, [claim(name, 'v')]), [`${name}="v"`]);
    const query = `=> issue(type="q", value=JmesPath("{\\"${name}\\": {\\"a\\": 1}}", "${name}")); => issue(type="r", value=JmesPath("{}", "${name}"));`;
    assert.deepEqual(issued(query), ['q="{\\"a\\":1}"', 'r="null"']);
  }
  assert.equal(({} as { readonly a?: unknown }).a, undefined);
});

test('read-only claims may be looked at, and nothing of them is issued', () => {
  const pcrs = claim('pcrs', '{"PCRs":[{"Index":0}]}');
  const good = `version=1.2; authorizationrules {
      c:[type=="pcrs"] => add(type="found", value=JsonToClaimValue(JmesPath(c.value, "PCRs[0].Index == \`0\`")));
      [type=="found", value==true] => permit();
    }; issuancerules { [type=="found"] => issue(type="ok", value=true);
      c:[type=="found"] => issue(type="only", value=ContainsOnlyValue(c.value, true));
      c:[type=="found"] => issue(type="subset", value=IsSubsetOf(c.value, c.value)); };`;
  assert.deepEqual(shown(evaluate(good, [pcrs]).outgoing), ['ok=true', 'only=true', 'subset=true']);
  for (const rule of [
    'c:[type=="pcrs"] => issue(claim=c);',
    'c:[type=="pcrs"] => issue(type="x", value=c.value);',
    'c:[type=="pcrs"] => issueproperty(type="x", value=c.value);',
    'c:[type=="pcrs"] => issue(type="x", value=AppendString("", c.value));',
    'c:[type=="pcrs"] => issue(type="x", value=AppendString(c.value, ""));',
    'c:[type=="pcrs"] => issue(type="x", value=JmesPath(c.value, "PCRs"));',
    'c:[type=="pcrs"] => issue(type="x", value=JmesPath("{}", AppendString(c.type, "")));',
    'c:[type=="pcrs"] => issue(type="x", value=JsonToClaimValue(JmesPath(c.value, "PCRs[0].Index")));',
    'c:[type=="pcrs"] => issue(type="x", value=NegateBool(JsonToClaimValue(JmesPath(c.value, "!@"))));',
    'c:[type=="pcrs"] => issue(type=c.type, value=1);',
    'c:[type=="pcrs"] => add(type="copy", value=c.value); c:[type=="copy"] => issue(claim=c);',
  ]) {
    const error = policyError(() => evaluate(issuing(rule), [pcrs]));
    assert.equal(error.code, 'CLAIM_RULES_EVALUATION', rule);
    assert.match(error.message, /read-only/, rule);
    // A claim of that name that the client sent is the client's.
    if (!rule.includes('JmesPath')) evaluate(issuing(rule), [{ ...pcrs, issuer: 'CustomClaim' }]);
  }
  assert.throws(
    () => evaluate(issuing('c:[type=="k"] => issue(claim=c);'), [claim('k', 1)], { readOnlyTypes: ['k'] }),
    /read-only/,
  );
  evaluate(issuing('c:[type=="pcrs"] => issue(claim=c);'), [pcrs], { readOnlyTypes: [] });
});

test('the trace tells what each rule did, and which condition failed', () => {
  const text = authorizing(
    '[type=="a"] && c:[type=="b"] => permit(); [type=="a"] && [type=="z"] && [type=="a"] => deny(); ![type=="a"] => deny(); c:[type=="b"] => add(type="n", value=c.value);',
  );
  const { trace = [] } = evaluate(text, [claim('a', 1), claim('b', 2), claim('b', 3)], { trace: true });
  const at = (span: { readonly start: number; readonly end: number } | undefined): string | undefined =>
    span && text.slice(span.start, span.end);
  assert.deepEqual(
    trace.map(({ section, fired, firings, failedCondition }) => ({
      section,
      fired,
      firings,
      failed: at(failedCondition),
    })),
    [
      {
        section: 'authorizationrules',
        fired: true,
        firings: [{ matched: [[claim('a', 1)], [claim('b', 2)]], did: 'permitted', claims: [] }],
        failed: undefined,
      },
      { section: 'authorizationrules', fired: false, firings: [], failed: '[type=="z"]' },
      { section: 'authorizationrules', fired: false, firings: [], failed: '![type=="a"]' },
      {
        section: 'authorizationrules',
        fired: true,
        firings: [2, 3].map((value) => ({
          matched: [[claim('b', value)]],
          did: 'added',
          claims: [claim('n', value, 'AttestationPolicy')],
        })),
        failed: undefined,
      },
    ],
  );
  assert.equal(evaluate(text).trace, undefined);
});

test('a fault is told at the expression that it is of', () => {
  const text = issuing('c:[type=="a"] => issue(type="b", value=NegateBool(c.value));');
  const { code, diagnostics } = policyError(() => evaluate(text, [claim('a', 1)]));
  assert.equal(code, 'CLAIM_RULES_EVALUATION');
  assert.equal(text.slice(diagnostics[0]?.span.start, diagnostics[0]?.span.end), 'NegateBool(c.value)');
  assert.doesNotThrow(() => evaluate(text, [claim('a', true)]));
});

for (const [what, wrong] of [
  ['a fraction', { type: 'a', value: 1.5, issuer: 'CustomClaim' }],
  ['a number beyond 2^53', { type: 'a', value: 2 ** 53, issuer: 'CustomClaim' }],
  ['null', { type: 'a', value: null, issuer: 'CustomClaim' }],
  ['an unknown issuer', { type: 'a', value: 1, issuer: 'Somebody' }],
  ['an empty type', { type: '', value: 1, issuer: 'CustomClaim' }],
  ['a type that is no text', { type: 1, value: 1, issuer: 'CustomClaim' }],
] as const) {
  test(`${what} is no claim`, () => {
    // What the types forbid arrives all the same, from JSON.
    const claims = [wrong] as unknown as readonly Claim[];
    assert.equal(policyError(() => evaluate(authorizing(''), claims)).code, 'CLAIM_RULES_ARGUMENT');
  });
}

test('claims are copied before rules see them', () => {
  const given = { ...claim('a', 1) };
  const { outgoing } = evaluate(issuing('c:[type=="a"] => issue(claim=c);'), [given]);
  given.value = 2;
  assert.deepEqual(shown(outgoing), ['a=1']);
  assert.ok(Object.isFrozen(outgoing) && Object.isFrozen(outgoing[0]));
});

test('a rule adds a claim once, however many of its type there are, and whatever came before the rule', () => {
  for (const count of [1, 4, 5, 9]) {
    const values = Array.from({ length: count }, (_, index) => index);
    const claims = values.map((value) => claim('a', value, 'AttestationPolicy'));
    const again = values
      .map((value) => `=> add(type="a", value=${value}); => add(type="a", value="${value}");`)
      .join('');
    const tell = 'c:[type=="a"] => issue(claim=c);';
    const told = values.map((value) => `a=${value}`);
    const texts = values.map((value) => `a="${value}"`);
    assert.deepEqual(issued(`${again}${again}${tell}${tell}`, claims), [...told, ...texts]);
    // Another issuer makes another claim.
    const others = values.map((value) => claim('a', value));
    assert.deepEqual(issued(`${again}${tell}`, others), [
      ...told,
      ...values.flatMap((value) => [`a=${value}`, `a="${value}"`]),
    ]);
  }
});
