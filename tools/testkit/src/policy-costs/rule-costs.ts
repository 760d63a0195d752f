import { collidingNumbers } from '../colliding-numbers.ts';
import { claim, json, letters, list, mixed, named, policyOf, type CostOf } from './case.ts';

/** Each function of the language. */
export const ruleFunctionCosts = named({
  JmesPath: {
    'the same JSON again': (size) =>
      policyOf('j:[type=="json"] => add(type="r", value=JmesPath(j.value, "@[0]"));'.repeat(24), [
        claim('json', json(mixed(size))),
      ]),
    'short JSON': (size) =>
      policyOf(
        'j:[type=="n"] => add(type="r", value=JmesPath(j.value, "@"));',
        list(Math.min(size, 5000), (index) => claim('n', `${index}`)),
      ),
  },
  JsonToClaimValue: {
    'a list of numbers that meet in one bucket': (size) =>
      policyOf('j:[type=="json"] => add(type="r", value=JsonToClaimValue(j.value));', [
        claim('json', json(collidingNumbers(Math.min(size, 9000)))),
      ]),
    'a list of texts': (size) =>
      policyOf('j:[type=="json"] => add(type="r", value=JsonToClaimValue(j.value));', [
        claim('json', json(list(Math.min(size, 9000), String))),
      ]),
    'short JSON': (size) =>
      policyOf(
        'j:[type=="n"] => add(type="r", value=JsonToClaimValue(j.value));',
        list(Math.min(size, 5000), (index) => claim('n', `${index}`)),
      ),
  },
  IsSubsetOf: {
    'many short texts': (size) =>
      policyOf(
        'a:[type=="n"] => add(type="r", value=IsSubsetOf(a.value, a.value));'.repeat(4),
        list(Math.min(size, 9000), (index) => claim('n', `${index}`)),
      ),
    numbers: (size) =>
      policyOf(
        'a:[type=="n"] => add(type="r", value=IsSubsetOf(a.value, a.value));'.repeat(4),
        collidingNumbers(Math.min(size, 9000)).map((value) => claim('n', value)),
      ),
    'long texts': (size) =>
      policyOf(
        'a:[type=="n"] => add(type="r", value=IsSubsetOf(a.value, a.value));'.repeat(4),
        list(16, (index) => claim('n', `${letters(size)}${index}`)),
      ),
  },
  AppendString: {
    'a long text': (size) =>
      policyOf('s:[type=="s"] => add(type="t", value=AppendString(s.value, s.value));'.repeat(24), [
        claim('s', letters(size)),
      ]),
    'short texts': (size) =>
      policyOf(
        's:[type=="s"] => add(type="t", value=AppendString(s.value, "b"));',
        list(Math.min(size, 4000), (index) => claim('s', `${index}`)),
      ),
    'a text that doubles': (size) =>
      policyOf(
        list(
          Math.log2(size),
          (index) => `s:[type=="s${index}"] => add(type="s${index + 1}", value=AppendString(s.value, s.value));`,
        ).join(''),
        [claim('s0', 'a')],
      ),
  },
  NegateBool: {
    'many of them in each other': (size) =>
      policyOf(
        `b:[type=="b"] && c:[value==0] => add(type=c.type, value=${'NegateBool('.repeat(40)}b.value${')'.repeat(40)});`,
        [claim('b', true), ...list(Math.min(size / 16, 4000), (index) => claim(`n${index}`, 0))],
      ),
  },
  ContainsOnlyValue: {
    'many short texts': (size) =>
      policyOf(
        'a:[type=="n"] => add(type="r", value=ContainsOnlyValue(a.value, "a"));'.repeat(4),
        list(Math.min(size, 9000), () => claim('n', 'a')),
      ),
    'long texts': (size) =>
      policyOf(
        `a:[type=="n"] => add(type="r", value=ContainsOnlyValue(a.value, "${letters(size)}"));`.repeat(4),
        list(16, () => claim('n', letters(size))),
      ),
  },
});

/** Finding claims, and making them. */
export const ruleCosts: Readonly<Record<string, CostOf>> = {
  'conditions: types that differ': (size) =>
    policyOf(
      '[type=="z"] => permit();'.repeat(8),
      list(Math.min(size, 9000), () => claim('a', 0)),
    ),
  'conditions: long texts that are equal': (size) =>
    policyOf(
      `[type=="s", value=="${letters(size)}", value!="${letters(size)}"] => permit();`,
      list(16, () => claim('s', letters(size))),
    ),
  'conditions: orders': (size) =>
    policyOf(
      '[value>=1, value<=2, value<1] => permit();'.repeat(8),
      list(Math.min(size, 9000), () => claim('a', 1)),
    ),
  'conditions: negations': (size) =>
    policyOf(`${list(90, () => '![type=="z"]').join('&&')} => add(type="r", value=1);`.repeat(Math.ceil(size / 800)), [
      claim('a', 0),
    ]),
  'conditions: many, and no claim': (size) =>
    policyOf(
      `${list(99, (index) => `c${index}:[type=="a"]`).join('&&')} => add(type="r", value=c98.value);`.repeat(
        Math.ceil(size / 200),
      ),
      [],
    ),
  'conditions: pairs of claims': (size) =>
    policyOf(
      'a:[type=="a"] && b:[type=="a", value==a.value] && [type=="z"] => add(type=a.type, value=b.value);',
      list(Math.min(Math.sqrt(size) * 4, 500), (index) => claim('a', index)),
    ),
  'conditions: a choice of claims each': (size) =>
    policyOf(
      'a:[type=="a"] && b:[type=="a"] => add(type=a.type, value=b.value);',
      list(Math.min(Math.sqrt(size) * 4, 500), (index) => claim('a', index)),
    ),
  'conditions: many properties': (size) =>
    policyOf(`[${list(size / 4, () => 'type=="a"').join()}] => permit();`, [claim('a', 0)]),
  'claims: added numbers that meet in one bucket': (size) =>
    policyOf(
      'a:[type=="a"] => add(type="r", value=a.value);',
      collidingNumbers(Math.min(size, 4500)).map((value) => claim('a', value)),
    ),
  'claims: added texts': (size) =>
    policyOf(
      'a:[type=="a"] => add(type="r", value=a.value);',
      list(Math.min(size, 4500), (index) => claim('a', `${index}`)),
    ),
  'claims: long types': (size) =>
    policyOf(
      'a:[value>=0] => add(type=a.type, value=1);',
      list(16, (index) => claim(`${letters(size)}${index}`, index)),
    ),
  'claims: added by rules': (size) =>
    policyOf(list(Math.min(size, 1500), (index) => `=> add(type="r", value=${index});`).join(''), []),
};
