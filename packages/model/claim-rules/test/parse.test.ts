import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeFrame, parsePolicy, toDiagnostic } from '../src/index.ts';
import { authorizing, issuing, policyError, problemsOf } from './claims.ts';

test('a policy becomes a tree with the place of each part', () => {
  const text = 'version=1.2;\nauthorizationrules\n{\n  c:[type=="a", value>=5] && ![type!="b"] => permit();\n};\n';
  const policy = parsePolicy(text);
  const { version, sections, warnings } = policy;
  assert.equal(version, '1.2');
  for (const part of [policy, sections, warnings, sections[0]?.rules[0]?.conditions[0]?.properties[1]?.expression]) {
    assert.ok(part !== undefined && Object.isFrozen(part));
  }
  assert.deepEqual(warnings, []);
  const [section] = sections;
  const [rule] = section?.rules ?? [];
  assert.equal(section?.name, 'authorizationrules');
  assert.equal(text.slice(rule?.span.start, rule?.span.end), 'c:[type=="a", value>=5] && ![type!="b"] => permit()');
  assert.deepEqual([rule?.span.line, rule?.span.column], [4, 3]);
  const [first, second] = rule?.conditions ?? [];
  assert.deepEqual([first?.negated, first?.identifier, first?.properties.length], [false, 'c', 2]);
  assert.deepEqual([second?.negated, second?.identifier], [true, undefined]);
  assert.equal(text.slice(second?.span.start, second?.span.end), '![type!="b"]');
  const comparison = first?.properties[1];
  assert.deepEqual([comparison?.property, comparison?.operator], ['value', '>=']);
  assert.deepEqual(comparison?.expression.kind === 'literal' && comparison.expression.value, 5);
});

test('names of sections and version are read in any case, and a single = compares', () => {
  const text =
    'Version = 1.1 ; ConfigurationRules {}; AUTHORIZATIONRULES { [type="a"] => permit(); }; Issuancerules {};';
  const { sections } = parsePolicy(text);
  assert.deepEqual(
    sections.map(({ name }) => name),
    ['configurationrules', 'authorizationrules', 'issuancerules'],
  );
  assert.equal(sections[1]?.rules[0]?.conditions[0]?.properties[0]?.operator, '==');
});

test('comments of both kinds, a byte order mark and line breaks of Windows are passed over', () => {
  const text = '\uFEFF// one\r\nversion=1.0;/* two\r\n three */\r\nauthorizationrules{=>permit();// four\r\n};';
  assert.equal(parsePolicy(text).sections[0]?.rules[0]?.span.line, 4);
});

test('a string holds what is between its quotes, with \\" and \\\\ for a quote and a backslash', () => {
  const text = issuing(String.raw`=> issue(type="a // b /* “ ’", value="{\"a\\b\": '}'}");`);
  const action = parsePolicy(text).sections[1]?.rules[0]?.action;
  assert.ok(action?.kind === 'issue');
  assert.deepEqual(
    [action.type, action.value].map((part) => part.kind === 'literal' && part.value),
    ['a // b /* “ ’', String.raw`{"a\b": '}'}`],
  );
});

for (const [what, text, ...problems] of [
  ['nothing', '', 'SYNTAX «» A policy begins with its version; here is the end of the text.'],
  [
    'no version',
    'authorizationrules {};',
    'SYNTAX «authorizationrules» A policy begins with its version; here is "authorizationrules".',
  ],
  [
    'another version',
    'version=1.3; authorizationrules {};',
    'INVALID «1.3» The versions are 1.0, 1.1 and 1.2; here is "1.3".',
  ],
  [
    'a version of one number',
    'version=1; authorizationrules {};',
    'INVALID «1» The versions are 1.0, 1.1 and 1.2; here is "1".',
  ],
  [
    'a version in quotes',
    'version="1.0"; authorizationrules {};',
    'INVALID «"1.0"» The versions are 1.0, 1.1 and 1.2; here is a string.',
  ],
  [
    'no semicolon after the version',
    'version=1.0 authorizationrules {};',
    'SYNTAX «» A semicolon follows the version.',
  ],
  [
    'no authorization',
    'version=1.0; issuancerules {};',
    'SYNTAX «» There are no authorizationrules, so nothing could be permitted.',
  ],
  [
    'an unknown section',
    'version=1.0; authorisationrules {}; issuancerules {};',
    'SYNTAX «authorisationrules» There is no section "authorisationrules".',
  ],
  [
    'configuration in 1.0',
    'version=1.0; configurationrules {}; authorizationrules {};',
    'INVALID «configurationrules» Version 1.0 has no configurationrules.',
  ],
  [
    'a section twice',
    'version=1.0; authorizationrules {}; authorizationrules {};',
    'INVALID «authorizationrules» There are authorizationrules already.',
  ],
  [
    'sections in another order',
    'version=1.0; issuancerules {}; authorizationrules {};',
    'INVALID «authorizationrules» authorizationrules come before issuancerules.',
  ],
  [
    'a section that does not end',
    'version=1.0; authorizationrules { => permit();',
    'SYNTAX «» The rules of authorizationrules end with "}"; here is the end of the text.',
  ],
  ['no semicolon after a section', 'version=1.0; authorizationrules {}', 'SYNTAX «» A semicolon follows the section.'],
  ['no semicolon after a rule', authorizing('=> permit() => deny();'), 'SYNTAX «» A semicolon follows each rule.'],
  [
    'an empty condition',
    authorizing('[] => permit();'),
    'SYNTAX «]» A property of a claim is type, value, valueType or issuer; here is "]".',
  ],
  [
    'an unknown property',
    authorizing('[typ=="a"] => permit();'),
    'SYNTAX «typ» A claim has no property "typ": it has type, value, valueType and issuer.',
  ],
  ['no comparison', authorizing('[type "a"] => permit();'), 'SYNTAX «"a"» A comparison is missing; here is a string.'],
  ['no value', authorizing('[type==] => permit();'), 'SYNTAX «]» A value is missing; here is "]".'],
  ['a bare word', authorizing('[type==abc] => permit();'), 'SYNTAX «abc» "abc" is not a value.'],
  ['TRUE', authorizing('[value==TRUE] => permit();'), 'SYNTAX «TRUE» "TRUE" is not a value.'],
  [
    '||',
    authorizing('[type=="a"] || [type=="b"] => permit();'),
    'SYNTAX «||» There is no "||" between conditions.',
    'SYNTAX «[» An action, or "&&" and a condition, follows; here is "[".',
  ],
  [
    'a name without a colon',
    authorizing('c [type=="a"] => permit();'),
    'SYNTAX «[» A colon and a condition in brackets follow the name "c"; here is "[".',
  ],
  ['an unknown action', authorizing('=> allow();'), 'SYNTAX «allow» There is no action "allow".'],
  ['an argument of permit', authorizing('=> permit(true);'), 'SYNTAX «true» permit takes no argument; here is "true".'],
  [
    'an action without a value',
    issuing('=> issue(type="a");'),
    'SYNTAX «issue(type="a")» issue needs a type and a value.',
  ],
  [
    'an argument twice',
    issuing('=> issue(type="a", type="b", value=1);'),
    'SYNTAX «type» The argument type is given twice.',
  ],
  ['an argument without a name', issuing('=> issue("a", value=1);'), 'SYNTAX «"a"» An argument of issue has a name.'],
  ['an unknown argument', issuing('=> issue(name="a", value=1);'), 'SYNTAX «name» issue has no argument "name".'],
  ['== in an action', issuing('=> issue(type=="a", value=1);'), 'SYNTAX «==» An action sets, and does not compare.'],
  [
    'add of a whole claim',
    issuing('c:[type=="a"] => add(claim=c);'),
    'SYNTAX «add(claim=c)» Only issue takes a whole claim, not add.',
  ],
  [
    'a claim and more',
    issuing('c:[type=="a"] => issue(claim=c, value=1);'),
    'SYNTAX «issue(claim=c, value=1)» Beside claim there is no other argument.',
  ],
  ['a fraction', authorizing('[value==1.5] => permit();'), 'SYNTAX «1.5» There are no fractions, only whole numbers.'],
  [
    'a hexadecimal number',
    authorizing('[value==0xFF] => permit();'),
    'SYNTAX «0xFF» Numbers are written in the decimal system.',
  ],
  [
    'a needless zero',
    authorizing('[value==007] => permit();'),
    'SYNTAX «007» A number has no needless zeros or signs.',
  ],
  ['minus zero', authorizing('[value==-0] => permit();'), 'SYNTAX «-0» A number has no needless zeros or signs.'],
  [
    'a number that is too large',
    authorizing('[value==9007199254740992] => permit();'),
    'SYNTAX «9007199254740992» Numbers lie between -(2^53 - 1) and 2^53 - 1.',
  ],
  [
    'a number with letters',
    authorizing('[value==1a] => permit();'),
    'SYNTAX «1a» "1a" is neither a number nor a name.',
  ],
  ['a comment that does not end', 'version=1.0; authorizationrules {}; /* x', 'SYNTAX «/*» This comment does not end.'],
  [
    'a string that does not end',
    authorizing('[type=="a] => permit();'),
    'SYNTAX «"a] => permit(); };» This string does not end on its line.',
    'SYNTAX «» A comma, or the end of the condition, follows; here is the end of the text.',
    'SYNTAX «» The rules of authorizationrules end with "}"; here is the end of the text.',
  ],
  [
    'an escape that is none',
    authorizing(String.raw`[type=="\n"] => permit();`),
    'SYNTAX «\\n» A backslash in a string stands before a double quote or another backslash, and nothing else.',
  ],
  ['single quotes', authorizing("[type=='a'] => permit();"), "SYNTAX «'a'» Strings are in double quotes."],
  [
    'typographic quotes',
    authorizing('[type==“a”] => permit();'),
    'SYNTAX «“a”» Typographic quotes are not the quotes of a string.',
  ],
  [
    'a typographic closing quote',
    authorizing('[type=="a”] => permit();\n'),
    'SYNTAX «”» The string is closed by the typographic quote ”.',
  ],
  [
    'a no-break space',
    authorizing('=>\u00A0permit();'),
    'SYNTAX « » There is white space here that is not a space, tab or line break.',
  ],
  ['a foreign character', authorizing('=> permit()#;'), 'SYNTAX «#» "#" does not belong here.'],
  ['permit in issuance', issuing('=> permit();'), 'INVALID «permit()» issuancerules have no permit.'],
  ['deny in issuance', issuing('=> deny();'), 'INVALID «deny()» issuancerules have no deny.'],
  [
    'a property in authorization',
    authorizing('=> issueproperty(type="a", value=1);'),
    'INVALID «issueproperty(type="a", value=1)» authorizationrules have no issueproperty.',
  ],
  [
    'add in configuration',
    'version=1.1; configurationrules { => add(type="a", value=1); }; authorizationrules {};',
    'INVALID «add(type="a", value=1)» configurationrules have no add.',
  ],
  ['! in 1.1', 'version=1.1; authorizationrules { ![type=="a"] => permit(); };', 'INVALID «!» Version 1.1 has no "!".'],
  [
    'a function in 1.1',
    'version=1.1; authorizationrules { => add(type="a", value=NegateBool(true)); };',
    'INVALID «NegateBool(true)» Version 1.1 has no functions.',
  ],
  [
    'a name twice',
    authorizing('c:[type=="a"] && c:[type=="b"] => permit();'),
    'INVALID «c:[type=="b"]» The name "c" is given twice in one rule.',
  ],
  [
    'a name that nothing bears',
    issuing('c:[type=="a"] => issue(type="b", value=d.value);'),
    'INVALID «d.value» No condition of this rule is named "d".',
  ],
  [
    'a claim that nothing bears',
    issuing('=> issue(claim=c);'),
    'INVALID «issue(claim=c)» No condition of this rule is named "c".',
  ],
  [
    'a name of a later condition',
    authorizing('[value==c.value] && c:[type=="b"] => permit();'),
    'INVALID «c.value» "c" is named by this condition or a later one.',
  ],
  [
    'the name of a condition with !',
    issuing('!c:[type=="a"] => issue(claim=c);'),
    'INVALID «issue(claim=c)» "c" stands for no claim: its condition is that there is none.',
  ],
  [
    'an order of text',
    authorizing('[value>="5"] => permit();'),
    'INVALID «"5"» Only numbers are ordered; >= does not compare others.',
  ],
  [
    'an order of types',
    authorizing('[type<"b"] => permit();'),
    'INVALID «type<"b"» type is text, which is equal (==) or not (!=).',
  ],
  ['a type that is a number', authorizing('[type==5] => permit();'), 'INVALID «5» type is text; this is not.'],
  [
    'an unknown issuer',
    authorizing('[issuer=="AttestationServer"] => permit();'),
    'INVALID «"AttestationServer"» No issuer is "AttestationServer": there are AttestationService, AttestationPolicy, CustomClaim.',
  ],
  [
    'an unknown value type',
    authorizing('[valueType=="Int"] => permit();'),
    'INVALID «"Int"» No valueType is "Int": there are String, Integer, Boolean.',
  ],
  [
    'the issuer of somebody else',
    issuing('=> issue(type="a", value=1, issuer="AttestationService");'),
    'INVALID «"AttestationService"» The issuer of a claim that a policy makes is the policy.',
  ],
  [
    'a value type of something else',
    issuing('=> issue(type="a", value=1, valueType="String");'),
    'INVALID «1» The value is not of type String.',
  ],
  [
    'a value type that is none',
    issuing('=> issue(type="a", value=1, valueType="Number");'),
    'INVALID «"Number"» valueType is "String", "Integer" or "Boolean".',
  ],
  [
    'an empty type',
    issuing('=> issue(type="", value=1);'),
    'INVALID «""» The type of a claim is text that is not empty.',
  ],
  [
    'an unknown function',
    issuing('=> issue(type="a", value=NegateBol(true));'),
    'INVALID «NegateBol(true)» There is no function "NegateBol".',
  ],
  [
    'a missing argument',
    issuing('=> issue(type="a", value=ContainsOnlyValue(100));'),
    'INVALID «ContainsOnlyValue(100)» ContainsOnlyValue takes two arguments, and has 1.',
  ],
  [
    'a wrong query',
    issuing('=> issue(type="a", value=JmesPath("{}", "a["));'),
    'INVALID «"a["» The JMESPath query is wrong: the end at character 3 stands where a number, ":" or "*" should.',
  ],
  [
    'a query that is a number',
    issuing('=> issue(type="a", value=JmesPath("{}", 5));'),
    'INVALID «5» The query of JmesPath is text.',
  ],
] as const) {
  test(`refused: ${what}`, () => assert.deepEqual(problemsOf(text), problems));
}

test('several mistakes are told at once, in the order of the text', () => {
  const text = `version=1.2;
authorizationrules {
  [type=="a" => permit();
  [type=="b"] => allow();
  [type=="c"] => permit()
  [value==d.value] => permit();
};
issuancerule {
  => issue(type="x");
};
issuancerules {
  => issue(type="x");
};`;
  const error = policyError(() => parsePolicy(text));
  assert.deepEqual(
    error.diagnostics.map(({ span, suggestion }) => [span.line, suggestion]),
    [
      [3, '"]"'],
      [4, 'permit, deny, add, issue, issueproperty'],
      [5, '";"'],
      [6, undefined],
      [8, '"issuancerules" — did you mean that?'],
      [12, 'issue(type="…", value=…)'],
    ],
  );
  assert.equal(error.code, 'CLAIM_RULES_SYNTAX');
  assert.equal(error.message, 'Line 3: A comma, or the end of the condition, follows; here is "=>"., and 5 more');
});

test('no more than fifty mistakes are told', () => {
  assert.equal(problemsOf('#'.repeat(1000)).length, 50);
});

test('issue in authorizationrules is accepted, with a warning', () => {
  const { warnings } = parsePolicy(authorizing('=> issue(type="a", value=1); c:[type=="a"] => issue(claim=c);'));
  assert.deepEqual(
    warnings.map(({ span, message }) => [span.column, message.slice(0, 25)]),
    [
      [38, 'No claim of authorization'],
      [81, 'No claim of authorization'],
    ],
  );
});

test('a diagnostic is shown with its line, a mark and what to write', () => {
  const text = 'version=1.1;\nauthorizationrules { => permit(); };\nissuancerules { => issue(type="a”, value=1); };';
  const [diagnostic] = policyError(() => parsePolicy(text)).diagnostics;
  assert.ok(diagnostic);
  assert.equal(
    codeFrame(diagnostic, text, { file: 'my.policy' }),
    [
      'error The string is closed by the typographic quote ”. [CLAIM_RULES_SYNTAX]',
      '  my.policy:3:33',
      '  3 │ issuancerules { => issue(type="a”, value=1); };',
      '    │                                 ^',
      '  use: a straight double quote, "',
    ].join('\n'),
  );
  assert.deepEqual(toDiagnostic(diagnostic, { file: 'f', text }).line, 3);
});

for (const [limit, value, text] of [
  ['maxTextBytes', 10, 'version=1.0; authorizationrules { };'],
  ['maxTextBytes', 60, authorizing(`=> add(type="${'é'.repeat(10)}", value=1);`)],
  ['maxRules', 2, authorizing('=> permit(); => permit(); => permit();')],
  ['maxConditions', 1, authorizing('[type=="a"] && [type=="b"] => permit();')],
  ['maxDepth', 3, issuing('=> issue(type="a", value=NegateBool(NegateBool(NegateBool(true))));')],
  ['maxDepth', 3, issuing('=> issue(type="a", value=JmesPath("{}", "a.b.c.d"));')],
] as const) {
  test(`${limit} of ${value} is a limit`, () => {
    assert.ok(parsePolicy(text));
    const error = policyError(() => parsePolicy(text, { [limit]: value }));
    assert.equal(error.code, 'CLAIM_RULES_LIMIT');
    assert.match(error.message, new RegExp(`\\(${limit}\\)`));
    // Told at its place, but for a text that is not read at all.
    assert.equal(error.diagnostics.length, limit === 'maxTextBytes' ? 0 : 1);
  });
}

for (const limits of [
  { maxSteps: 0 },
  { maxRules: 1.5 },
  { maxDepth: 257 },
  { maxConditions: 1000 },
  { maxWork: 5 },
  { maxClaims: Number.NaN },
]) {
  test(`${JSON.stringify(limits)} is no limit`, () => {
    assert.equal(policyError(() => parsePolicy('', limits)).code, 'CLAIM_RULES_ARGUMENT');
  });
}
