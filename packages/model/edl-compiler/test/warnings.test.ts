import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { judgeBy, parseWarningOptions } from '../src/warnings/choice.ts';
import { type WarningFamily, warningFamilies } from '../src/warnings/families.ts';
import type { Rule } from '../src/index.ts';

const rule: Rule = { code: 'edl-x', dialects: ['oe'], text: () => '' };
const judged = (options: readonly string[], family: string) =>
  judgeBy(parseWarningOptions(options).choice)(family, rule);
// An object of this literal type has these keys only.
const families = Object.keys(warningFamilies) as WarningFamily[];

test('without options, the families that are on by default are warnings', () => {
  const on = families.filter((family) => judged([], family) === 'warning');
  assert.deepEqual(on, [
    'non-portable-type',
    'signed-size-or-count',
    'floating-size',
    'private-ecall',
    'partial-copy',
    'struct-by-name',
    'ignored-text',
    'file-name',
    'function-order',
  ]);
  assert.ok(families.every((family) => on.includes(family) || judged([], family) === 'off'));
});

// What warnings/CMakeLists.txt of oeedger8r-cpp says of each combination.
for (const [options, expected] of [
  ['-Wreturn-ptr', 'warning'],
  ['-Wall', 'warning'],
  ['-Wall -Wno-return-ptr', 'off'],
  ['-Wno-return-ptr -Wall', 'off'],
  ['-Werror', 'off'],
  ['-Werror -Wreturn-ptr', 'error'],
  ['-Wall -Werror', 'error'],
  ['-Werror=return-ptr', 'error'],
  ['-Wreturn-ptr -Werror=return-ptr', 'error'],
  ['-Werror -Wreturn-ptr -Wno-return-ptr', 'off'],
  ['-Werror=return-ptr -Wno-return-ptr', 'off'],
  ['-Werror -Wreturn-ptr -Wno-error', 'warning'],
  ['-Werror=return-ptr -Wno-error', 'error'],
  ['-Wall -Wno-all', 'off'],
] as const) {
  test(`${options} makes a pointer that is returned: ${expected}`, () => {
    const { problems } = parseWarningOptions(options.split(' '));
    assert.deepEqual(problems, []);
    assert.equal(judged(options.split(' '), 'return-ptr'), expected);
  });
}

test('differences between the dialects have to be named', () => {
  assert.equal(judged(['-Wall'], 'dialect-difference'), 'off');
  assert.equal(judged(['-Wdialect'], 'dialect-difference'), 'warning');
  assert.equal(judged(['-Werror=dialect-difference'], 'dialect-difference'), 'error');
});

test('an option that is not one is named, with what was probably meant, or with all there are', () => {
  const all = `There are -Wall, -Werror, and -WX, -Wno-X and -Werror=X for these X: ${Object.keys(warningFamilies).join(', ')}.`;
  assert.deepEqual(parseWarningOptions(['-Wretrun-ptr', '-Werror=all', '-W', 'all', '-Wno-']), {
    choice: { all: false, areErrors: false, families: {} },
    problems: [
      'There is no warning option "-Wretrun-ptr". Did you mean "return-ptr"?',
      `There is no warning option "-Werror=all". ${all}`,
      `There is no warning option "-W". ${all}`,
      `There is no warning option "all". ${all}`,
      `There is no warning option "-Wno-". ${all}`,
    ],
  });
});

test('the order of options does not matter', () => {
  const option = fc
    .tuple(fc.constantFrom('-W', '-Wno-', '-Werror='), fc.constantFrom('all', 'error', ...families))
    .map((parts) => parts.join(''));
  fc.assert(
    fc.property(
      fc
        .array(option, { maxLength: 6 })
        .chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length }))),
      ([options, shuffled]) => {
        for (const family of families) assert.equal(judged(options, family), judged(shuffled, family));
      },
    ),
  );
});
