import assert from 'node:assert/strict';
import { test } from 'node:test';
import { boolean, integer, JsonForm, meaning, oneOf, parseJson } from '../../src/json/index.ts';

const suggest = (name: string, known: readonly string[]): string | undefined =>
  known.find((other) => other.startsWith(name.slice(0, 3)));

function formOf(value: unknown): { readonly form: JsonForm; readonly texts: string[] } {
  const texts: string[] = [];
  return { form: new JsonForm(parseJson(JSON.stringify(value), 10_000), '', { texts, suggest }), texts };
}

test('a form finds all mistakes in one look, each with its path', () => {
  const { form, texts } = formOf({
    minuts: 5,
    on: 'yes',
    mode: 'c',
    inner: { n: 9 },
    list: [{ n: 1 }, 7],
    'odd name': 1,
  });
  assert.equal(form.optional('minutes', integer(1, 9)), undefined);
  assert.equal(form.optional('on', boolean), undefined);
  assert.equal(form.required('mode', oneOf('a', 'b')), undefined);
  assert.equal(form.required('absent', boolean), undefined);
  assert.equal(form.form('inner')?.optional('n', integer(0, 5)), undefined);
  assert.deepEqual(
    form.forms('list', 2).map((item) => item.required('n', integer(0, 5))),
    [1, undefined],
  );
  form.end();
  assert.deepEqual(texts, [
    'on: must be true or false.',
    'mode: must be "a" or "b".',
    'absent: is missing.',
    'inner.n: must be an integer from 0 to 5.',
    'list[1]: must be an object.',
    'minuts: is not known. Did you mean "minutes"?',
    '"odd name": is not known. Remove it, or correct its spelling.',
  ]);
});

test('a file that is not an object is one problem', () => {
  const { form, texts } = formOf([]);
  form.required('a', boolean);
  form.required('b', boolean);
  form.end();
  assert.deepEqual(texts, ['the file: must be an object.']);
});

test('items are read each by the rule, and no two alike', () => {
  const { form, texts } = formOf({ a: ['x', 'y', 'x', 1], long: [1, 2, 3] });
  const letter = meaning('a letter', (text) => (text.length === 1 ? text : undefined));
  assert.deepEqual(form.items('a', letter, 9), ['x', 'y']);
  assert.deepEqual(form.items('long', integer(0, 9), 2), []);
  assert.deepEqual(form.items('absent', letter, 9), []);
  assert.deepEqual(texts, [
    'a[2]: is there twice.',
    'a[3]: must be a letter.',
    'long: must be an array of 0 to 2 items.',
  ]);
});

test('an array of nothing is told from one that holds what is wrong', () => {
  const { form, texts } = formOf({ none: [], wrong: [1], other: 'x' });
  assert.deepEqual(
    ['absent', 'none', 'wrong', 'other'].map((name) => form.isEmptyArray(name)),
    [true, true, false, false],
  );
  form.end();
  assert.deepEqual(texts, []);
});
