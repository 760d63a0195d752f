import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import {
  allPolicyCosts,
  collidingNumbers,
  queryFunctionCosts,
  queryNodeCosts,
  ruleFunctionCosts,
  type PolicyCost,
} from '@enclos/testkit';
import { functionSignatures } from '../src/functions.ts';
import {
  defaultPolicies,
  evaluatePolicy,
  parsePolicy,
  PolicyError,
  type Evaluation,
  type Policy,
} from '../src/index.ts';
import type { Query } from '../src/jmespath/ast.ts';
import { signatures } from '../src/jmespath/signatures.ts';
import { claim } from './claims.ts';
import { countWork } from './counted-work.ts';

const limits = { maxSteps: 5_000_000, maxStringBytes: 1_048_576, maxTextBytes: 1_048_576 };
/** What a step may stand for: 16 characters that are read and made, and what goes with them. */
const mostOperationsAStep = 48;
const sizes = [128, 512, 2048] as const;

function parsed({ policy }: PolicyCost): Policy {
  return parsePolicy(policy, limits);
}

function evaluated(policy: Policy, { claims }: PolicyCost): Evaluation {
  return evaluatePolicy(policy, { claims, limits });
}

test('there are worst cases for each function and each node, and for nothing else', () => {
  assert.deepEqual(Object.keys(queryFunctionCosts).sort(), Object.keys(signatures).sort());
  assert.deepEqual(Object.keys(ruleFunctionCosts).sort(), Object.keys(functionSignatures).sort());
  // A kind without a case, or a case without a kind, does not compile.
  const nodes: Readonly<Record<Query['kind'], object>> = queryNodeCosts;
  // Object.keys forgets the names, which the types have.
  const kinds: readonly Query['kind'][] = Object.keys(queryNodeCosts) as (keyof typeof queryNodeCosts)[];
  for (const kind of kinds) assert.ok(Object.keys(nodes[kind]).length > 0);
});

interface Measured {
  readonly operations: number;
  readonly steps: number;
}

function measured(cost: PolicyCost): Measured {
  const policy = parsed(cost);
  // What is made once for a policy is charged each time.
  const { steps: first } = evaluated(policy, cost);
  let steps = 0;
  const { operations, lookupsByNumber } = countWork(() => {
    steps = evaluated(policy, cost).steps;
  });
  assert.equal(steps, first);
  assert.equal(lookupsByNumber, 0);
  return { operations, steps };
}

/** Operations for each further step, between two sizes. */
function slope(smaller: Measured, larger: Measured): number {
  return (larger.operations - smaller.operations) / Math.max(1, larger.steps - smaller.steps);
}

for (const [name, costOf] of allPolicyCosts()) {
  test(`the charge grows as the work does: ${name}`, () => {
    const [small, middle, large] = sizes.map((size) => measured(costOf(size)));
    assert.ok(small !== undefined && middle !== undefined && large !== undefined);
    assert.ok(large.steps > small.steps, 'the charge does not grow');
    const [first, second] = [slope(small, middle), slope(middle, large)];
    const said = `operations a step: ${first.toFixed(1)}, then ${second.toFixed(1)}`;
    assert.ok(second <= mostOperationsAStep && second <= Math.max(1.5 * first, 16), said);
  });
}

const mostOperationsACharacter = 256;

const rulesBegin = 'version=1.2; authorizationrules { ';

/** Policies, and texts that are not policies, that fill `size` characters with one part. */
const fillings: readonly (readonly [string, string, string?, string?])[] = [
  ['rules', '=>permit();'],
  ['conditions', '[type=="a"]&&', rulesBegin, '[type=="a"] => permit(); };'],
  ['names', 'c0:[type=="a"]&&', rulesBegin, '[type=="a"] => permit(); };'],
  ['properties', 'type=="a",', 'version=1.2; authorizationrules { [', 'type=="a"] => permit(); };'],
  ['functions', '=>add(type="a",value=NegateBool(NegateBool(true)));'],
  ['queries', '=>add(type="a",value=JmesPath("0","[`a`,`{}`,`1`,\'a\',a]"));'],
  ['one query', '`a`,', 'version=1.2; authorizationrules { =>add(type="a",value=JmesPath("0","[', '`a`]")); };'],
  ['escapes', '\\\\', 'version=1.2; authorizationrules { =>add(type="a",value="', '"); };'],
  ['comments', '/**/'],
  ['line breaks', '\n'],
  ['brackets', '['],
  ['semicolons', '; '],
  ['typographic quotes', '“'],
  ['single quotes', "'"],
  ['pairs of single quotes', "'a'"],
  ['characters that look like spaces', '\u00a0'],
  ['actions without their ends', '=>permit() '],
  ['unknown names', '=>permit2();'],
];

for (const [name, part, before = rulesBegin, after = ' };'] of fillings) {
  test(`reading a policy takes work that grows with its length: ${name}`, () => {
    const operations = [8192, 65_536].map((size) => {
      const text = `${before}${part.repeat(Math.floor((size - before.length - after.length) / part.length))}${after}`;
      return countWork(() => {
        try {
          parsePolicy(text, { ...limits, maxRules: 100_000, maxConditions: 256 });
        } catch (error) {
          if (!(error instanceof PolicyError)) throw error;
        }
      }).operations;
    });
    const [small = 0, large = 0] = operations;
    assert.ok(large <= mostOperationsACharacter * 65_536, `${large} operations`);
    // Eight times the text.
    assert.ok(large <= 12 * small, `${small} operations, then ${large}`);
  });
}

test('the counter sees a search that takes the product of two lengths', () => {
  const [text, pattern] = ['a'.repeat(4096), `${'a'.repeat(1024)}b${'a'.repeat(1024)}`];
  assert.ok(countWork(() => void text.includes(pattern)).operations > 1_000_000);
});

test('texts that are made are charged, whatever makes them', () => {
  for (const [name, costOf] of allPolicyCosts()) {
    const cost = costOf(1024);
    const { outgoing, steps } = evaluated(
      parsePolicy(`${cost.policy} issuancerules { c:[type!="json", type!="query"] => issue(claim=c); };`, limits),
      cost,
    );
    let characters = 0;
    for (const { value } of outgoing) characters += typeof value === 'string' ? value.length : 0;
    assert.ok(characters <= 16 * steps, name);
  }
});

test('a text that is made only to be compared is charged as well', () => {
  const text = 's:[type=="s"] && [type=="t", value==AppendString(s.value, s.value)] => permit();';
  const policy = parsePolicy(`version=1.2; authorizationrules { ${text} };`);
  const [small = 0, large = 0] = [1024, 3072].map(
    (size) => evaluatePolicy(policy, { claims: [claim('s', 'a'.repeat(size)), claim('t', 'b')] }).steps,
  );
  // The claim has 2,048 characters more, and what is made of it twice as many.
  assert.equal(large - small, (3 * 2048) / 16);
});

test('numbers that V8 puts into one bucket are known as text', () => {
  const numbers = collidingNumbers(3000);
  assert.equal(new Set(numbers).size, 3000);
  const policy = parsePolicy(
    'version=1.0; authorizationrules { a:[type=="a"] => add(type="b", value=a.value); => permit(); };',
  );
  const claims = numbers.map((value) => claim('a', value));
  assert.equal(countWork(() => void evaluatePolicy(policy, { claims })).lookupsByNumber, 0);
});

test('an evaluation leaves nothing to a full collection of garbage', () => {
  setFlagsFromString('--expose-gc');
  // It is there since the line before, and takes what V8 calls the kinds of collection.
  const collect = runInNewContext('gc') as (options?: { readonly type: 'minor' }) => void;
  const policy = parsePolicy(defaultPolicies.SgxEnclave);
  const claims = Array.from({ length: 40 }, (_, index) => claim(`x-ms-sgx-${index}`, `${index}`.repeat(32)));
  const evaluateOften = (): void => {
    for (let round = 1; round <= 200; round++) {
      evaluatePolicy(policy, { claims: [claim('x-ms-sgx-svn', round), ...claims] });
      if (round % 20 !== 0) continue;
      // Twice, since what survives the first is thought to live.
      collect({ type: 'minor' });
      collect({ type: 'minor' });
    }
  };
  evaluateOften();
  collect();
  const before = process.memoryUsage().heapUsed;
  evaluateOften();
  const keptBytes = (process.memoryUsage().heapUsed - before) / 200;
  // What an evaluation makes is 30 KB.
  assert.ok(keptBytes < 4000, `${keptBytes} bytes are kept of each evaluation`);
});
