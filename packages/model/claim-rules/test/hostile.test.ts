import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatPolicy, parsePolicy, type Claim } from '../src/index.ts';
import { authorizing, claim, evaluate, issuing, policyError } from './claims.ts';

/** Far above what any of it takes, and far below what takes for ever. */
const patienceMs = 10_000;

function inTime(name: string, run: () => void): void {
  test(name, () => {
    const start = performance.now();
    run();
    assert.ok(performance.now() - start < patienceMs);
  });
}

const mostBytes = 256 * 1024;
/** As much of it as a policy may have, with some room for what stands around. */
const filling = (part: string): string => part.repeat(Math.floor((mostBytes - 200) / Buffer.byteLength(part)));

for (const part of [
  '[',
  '(',
  '!',
  '=>',
  ';',
  'a ',
  'a:',
  '"',
  '"a',
  '\\',
  '“',
  '/*',
  '//',
  '\u00A0',
  '-',
  '1.',
  '&&',
  '=>permit()',
  '[type=="a"]&&',
]) {
  inTime(`256 KiB of ${JSON.stringify(part)} is refused`, () => {
    for (const text of [
      filling(part),
      authorizing(filling(part)),
      authorizing(`=> add(type="a", value=${filling(part)});`),
    ]) {
      const { code } = policyError(() => parsePolicy(text));
      assert.ok(['CLAIM_RULES_SYNTAX', 'CLAIM_RULES_LIMIT'].includes(code), code);
    }
  });
}

for (const [what, text, code] of [
  ['10,000 rules', authorizing('=> permit();'.repeat(10_000)), 'CLAIM_RULES_LIMIT'],
  ['functions in functions', issuing(`=> add(type="a", value=${'NegateBool('.repeat(20_000)}`), 'CLAIM_RULES_LIMIT'],
  [
    '50,000 conditions',
    authorizing(`${Array(50_000).fill('[type=="a"]').join('&&')} => permit();`),
    'CLAIM_RULES_LIMIT',
  ],
  ['more than 256 KiB', authorizing(`${filling('// \n')}${' '.repeat(200)}`), 'CLAIM_RULES_LIMIT'],
  ['a megabyte', authorizing(' '.repeat(1_000_000)), 'CLAIM_RULES_LIMIT'],
] as const) {
  inTime(`a policy of ${what} is refused`, () => assert.equal(policyError(() => parsePolicy(text)).code, code));
}

for (const part of [' ', '/**/', '// x\n', '[type=="a"] => permit();\n', '\n\n', '/* x\n */']) {
  inTime(`a policy with 256 KiB of ${JSON.stringify(part)} is read and formatted`, () => {
    const text = authorizing(`${part.includes('=>') ? part.repeat(1999) : filling(part)} => permit();`);
    const formatted = formatPolicy(text);
    assert.equal(formatPolicy(formatted, { maxTextBytes: 10 * mostBytes }), formatted);
  });
}

const many = (count: number, type = 'a'): readonly Claim[] =>
  Array.from({ length: count }, (_, value) => claim(type, value));

/** Evaluates, and finds the limit that stopped it. */
function stopped(text: string, claims: readonly Claim[] = []): string {
  const error = policyError(() => evaluate(text, claims));
  assert.equal(error.code, 'CLAIM_RULES_LIMIT');
  return /\((max\w+)\)/.exec(error.message)?.[1] ?? '';
}

inTime('conditions that multiply end by the steps', () => {
  const names = Array.from({ length: 99 }, (_, index) => `c${index}`);
  const conditions = names.map(
    (name, index) => `${name}:[type=="a", value!=${names[index - 1] ?? '"x"'}${index > 0 ? '.value' : ''}]`,
  );
  const text = authorizing(`${conditions.join(' && ')} && [type=="z", value==c98.value] => permit();`);
  assert.equal(stopped(text, many(100)), 'maxSteps');
  const choices = authorizing(
    'a:[type=="a"] && b:[type=="a"] && c:[type=="a", value!=b.value] && [value==c.value, type=="z"] && d:[type=="a"] => add(type=a.type, value=d.value);',
  );
  assert.equal(stopped(choices, many(1000)), 'maxSteps');
});

inTime('claims that multiply end by their number', () => {
  const pairs = 'c:[type=="a"] && d:[type=="a"] => add(type="a", value=AppendString(c.value, d.value));';
  const letters = Array.from({ length: 26 }, (_, index) => claim('a', String.fromCharCode(97 + index)));
  assert.equal(stopped(issuing(pairs.repeat(3)), letters), 'maxClaims');
  assert.equal(stopped(authorizing(''), many(10_001)), 'maxClaims');
  assert.equal(stopped(issuing(`=> add(type="a", value=JsonToClaimValue("[${'1,'.repeat(20_000)}1]"));`)), 'maxClaims');
});

inTime('strings that double end by their length', () => {
  const doubling = Array.from(
    { length: 60 },
    (_, index) => `c:[type=="s${index}"] => add(type="s${index + 1}", value=AppendString(c.value, c.value));`,
  );
  assert.equal(stopped(issuing(`=> add(type="s0", value="0123456789"); ${doubling.join('')}`)), 'maxStringBytes');
  assert.equal(stopped(authorizing(''), [claim('a', 'é'.repeat(3_000_000))]), 'maxStringBytes');
  assert.equal(stopped(authorizing(''), [claim('a'.repeat(5_000_000), 1)]), 'maxStringBytes');
});

const query = 'c:[type=="json"] && d:[type=="query"] => add(type="r", value=JmesPath(c.value, d.value));';

for (const [what, json, text, limit] of [
  ['lists in lists', '1', '['.repeat(500_000), 'maxDepth'],
  ['parentheses', '1', '('.repeat(500_000), 'maxDepth'],
  ['negations', '1', '!'.repeat(500_000), 'maxDepth'],
  ['steps', '1', `a${'.a'.repeat(250_000)}`, 'maxDepth'],
  ['pipes', '1', `a${'|a'.repeat(250_000)}`, 'maxDepth'],
  ['alternatives', '1', `a${'||a'.repeat(150_000)}`, 'maxDepth'],
  ['functions', '1', 'not_null('.repeat(50_000), 'maxDepth'],
  ['a megabyte', '1', `a${' '.repeat(1_000_000)}`, 'maxSteps'],
  ['a deep literal', '1', `\`${'['.repeat(100_000)}\``, 'maxDepth'],
  ['deep JSON', '['.repeat(500_000), '@', 'maxDepth'],
  ['deep objects', '{"a":'.repeat(500_000), '@', 'maxDepth'],
  ['a value that doubles', '1', `@${'|[@,@]'.repeat(100)}`, 'maxSteps'],
  ['a value that doubles, compared', '1', `@${'|[@,@]'.repeat(60)}|[0]==[1]`, 'maxSteps'],
  ['a list that doubles', '[1,1]', `@${'|[@,@][]'.repeat(60)}`, 'maxSteps'],
  ['a string that doubles', '"0123456789"', `@${"|join('',[@,@])".repeat(60)}`, 'maxStringBytes'],
  [
    'a long glue',
    `[${'"",'.repeat(100_000)}""]`,
    "join('0123456789012345678901234567890123456789012345', @)",
    'maxStringBytes',
  ],
  ['escapes that grow', '"\\""', `@${'|to_string([@,@])'.repeat(60)}`, 'maxStringBytes'],
  ['slices', `[${'1,'.repeat(200_000)}1]`, `@${'|[::-1]'.repeat(100)}`, 'maxSteps'],
  ['projections in projections', `[${'1,'.repeat(3000)}1]`, 'map(&[], [@,@][*].[@,@][])[*].[@,@]|[]', undefined],
  [
    'sorting',
    `[${Array.from({ length: 300_000 }, (_, index) => (index * 7919) % 300_007).join()}]`,
    'sort(@)',
    'maxSteps',
  ],
  [
    'sets of sets',
    `[${'1,'.repeat(3000)}1]`,
    '[*].[@,@,@]|[?contains([@,@], @)]|map(&merge({a: @}), @)|[?a==`1`]',
    undefined,
  ],
] as const) {
  inTime(`a query with ${what} ends${limit === undefined ? '' : ` by ${limit}`}`, () => {
    const claims = [claim('json', json), claim('query', text)];
    if (limit === undefined) assert.ok(evaluate(issuing(query), claims).steps > 1000);
    else assert.equal(stopped(issuing(query), claims), limit);
  });
}

for (const text of ["'", '"', '`', "'\\'", '`\\`', '"\\u0041']) {
  inTime(`a query with a long unfinished ${text} ends by an error`, () => {
    const claims = [
      claim('json', '1'),
      claim('query', `${text.charAt(0)}${text.slice(1).repeat(200_000)}x`.slice(0, 500_000)),
    ];
    assert.equal(policyError(() => evaluate(issuing(query), claims)).code, 'CLAIM_RULES_EVALUATION');
  });
}

test('the same policy and claims take the same steps, and a step less is too few', () => {
  const text = issuing('a:[type=="a"] && b:[type=="a", value!=a.value] => issue(type="x", value=b.value);');
  const { steps } = evaluate(text, many(20));
  assert.equal(evaluate(text, many(20)).steps, steps);
  assert.equal(evaluate(text, many(20), { limits: { maxSteps: steps } }).steps, steps);
  assert.throws(() => evaluate(text, many(20), { limits: { maxSteps: steps - 1 } }), /maxSteps/);
});
