import fc from 'fast-check';

const identifier = fc.oneof(
  { weight: 60, arbitrary: fc.constant('c') },
  { weight: 1, arbitrary: fc.constantFrom('d', '__proto__') },
);
const otherIdentifier = fc.oneof(
  fc.integer({ min: 0, max: 500 }).map((number) => `F${number}`),
  fc.constantFrom('toString', '_x', '__proto__'),
);
const text = fc.oneof(
  fc.constantFrom('a', 'b', 'json', '', 'x"y\\z', '//', '/* */', '};', '“'),
  fc.string({ unit: 'binary', maxLength: 6 }).map((value) => value.replaceAll(/[\r\n]/g, '')),
);
const quote = (value: string): string => `"${value.replaceAll(/["\\]/g, '\\$&')}"`;
const string = text.map(quote);
const gap = fc.constantFrom('', '', '', ' ', '\n', '\t', '\r\n', ' /* c */ ', '// d\n', '\n\n\n', '/* e\n */');

/** An expression; names in it may be of no condition, which the parser has to notice. */
const expression: fc.Arbitrary<string> = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.oneof(
      string,
      fc.integer().map(String),
      fc.boolean().map(String),
      fc.tuple(identifier, fc.constantFrom('type', 'value', 'valueType', 'issuer')).map((parts) => parts.join('.')),
      fc.constantFrom('"[1, \\"a\\", true, null]"', '"{\\"a\\": 1}"'),
    ),
    fc
      .tuple(fc.constantFrom('IsSubsetOf', 'AppendString', 'ContainsOnlyValue'), tie('value'), tie('value'))
      .map(([name, left, right]) => `${name}(${left}, ${right})`),
    fc
      .tuple(
        tie('value'),
        fc.oneof(
          { weight: 30, arbitrary: fc.constantFrom('"@"', '"a || [0]"', 'c.value') },
          { weight: 1, arbitrary: fc.constant('"["') },
        ),
      )
      .map((parts) => `JmesPath(${parts.join(', ')})`),
    fc
      .tuple(fc.constantFrom('JsonToClaimValue', 'NegateBool'), tie('value'))
      .map(([name, value]) => `${name}(${value})`),
  ),
})).value;

const property = fc.oneof(
  fc.tuple(fc.constant('type'), fc.constantFrom('==', '!=', '='), string),
  fc.tuple(fc.constant('value'), fc.constantFrom('==', '!=', '='), expression),
  fc.tuple(fc.constant('value'), fc.constantFrom('<', '<=', '>', '>='), fc.integer({ min: -3, max: 3 }).map(String)),
  fc.tuple(
    fc.constant('issuer'),
    fc.constantFrom('==', '!='),
    fc.constantFrom('"AttestationService"', '"CustomClaim"'),
  ),
);

const condition = fc
  .tuple(
    fc.constantFrom('', '', '!'),
    fc.option(otherIdentifier, { nil: undefined }),
    fc.array(fc.tuple(gap, property), { minLength: 1, maxLength: 3 }),
  )
  .map(
    ([negation, name, properties]) =>
      `${negation}${name === undefined ? '' : `${name}:`}[${properties.map(([space, parts]) => `${space}${parts.join(space)}`).join(',')}]`,
  );

const conditions = fc
  .tuple(fc.constantFrom('c:[type!="z"]', 'c:[type=="json"]', 'c:[value!="z"]'), fc.array(condition, { maxLength: 2 }))
  .map(([first, others]) => [first, ...others]);

const claimAction = (verb: string): fc.Arbitrary<string> =>
  fc
    .tuple(
      string.filter((value) => value !== '""'),
      expression,
      gap,
    )
    .map(([type, value, space]) => `${verb}(type=${type},${space}value=${space}${value})`);

/** The first condition has the name that the expressions use. */
const rule = (...actions: readonly fc.Arbitrary<string>[]): fc.Arbitrary<string> =>
  fc
    .tuple(conditions, fc.oneof(...actions), gap, gap)
    .map(
      ([all, action, before, after]) =>
        `${before}${all.join(`${after}&&${before}`)}${after}=>${before}${action}${after};${before}`,
    );

const rules = (one: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.array(one, { maxLength: 4 }).map((all) => all.join(''));

/** Texts with the form of a policy of version 1.2. Many are policies, and the parser says of the others why not. */
export const policyText: fc.Arbitrary<string> = fc
  .tuple(
    gap,
    fc.option(rules(rule(claimAction('issueproperty'))), { nil: undefined }),
    rules(rule(fc.constantFrom('permit()', 'permit()', 'deny()'), claimAction('add'))),
    fc.option(rules(rule(claimAction('add'), claimAction('issue'), fc.constant('issue(claim=c)'))), { nil: undefined }),
  )
  .map(([space, configuration, authorization, issuance]) =>
    [
      `${space}version${space}=1.2;`,
      configuration === undefined ? '' : `ConfigurationRules{${configuration}};`,
      `${space}authorizationrules${space}{${authorization}}${space};`,
      issuance === undefined ? '' : `issuancerules{${issuance}};${space}`,
    ].join(space),
  );
