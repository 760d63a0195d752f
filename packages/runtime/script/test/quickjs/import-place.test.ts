import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { importPlace } from '../../src/quickjs/import-place.ts';

const noExport = (name: string, module: string): string =>
  `SyntaxError: Could not find export '${name}' in module '${module}'`;
const placeIn = (source: string, message: string): string | undefined =>
  importPlace(message, [{ name: '/far/app.js', source }]);

describe('the place of an import that does not link', () => {
  for (const [source, name, expected] of [
    [`import { none } from '../lib.js';`, 'none', '1:10'],
    [`\nimport { some,\n  none as other } from "/lib.js";`, 'none', '3:3'],
    [`import { nonesuch, $none, none } from '../lib.js';`, 'none', '1:27'],
    [`export { none } from '../lib.js';`, 'none', '1:10'],
    [`import none from '../lib.js';`, 'default', '1:1'],
    [`import none, { some } from '../lib.js';`, 'default', '1:1'],
    [`export { default as none } from '../lib.js';`, 'default', '1:10'],
    [`// import { none } from '../lib.js';\n  import { none } from '../lib.js'`, 'none', '2:12'],
    [`/*\n * import { none } from '../lib.js'\n */ import { none } from '../lib.js'`, 'none', undefined],
    [`import { none } from './lib.js';\nimport { none } from '../lib.js';`, 'none', '2:10'],
    [`import { some } from '../lib.js';`, 'none', '1:17'],
    [`import { '' as none } from '../lib.js';`, '', '1:23'],
    [`import { none } from './.././../lib.js';`, 'none', undefined],
    [`import { none } from './.././lib.js';`, 'none', '1:10'],
  ] as const) {
    test(`${JSON.stringify(source)} without ${name}`, () => {
      const found = placeIn(source, noExport(name, '/lib.js'));
      assert.equal(found, expected === undefined ? undefined : `/far/app.js:${expected}`);
    });
  }

  test('is that of the module which is not there', () => {
    const message = "ReferenceError: could not load module '/left-pad'";
    assert.equal(placeIn(`import './x.js';\n import pad from 'left-pad';`, message), '/far/app.js:2:13');
    assert.equal(placeIn(`import './x.js';`, message), undefined);
    assert.equal(placeIn(`import 'left-pad';`, 'SyntaxError: of another kind'), undefined);
  });

  test('is searched in time that grows as the sources do, whatever they hold', () => {
    const hostile = [
      'from ',
      "from '",
      'import{',
      'import {{{{',
      `from${' '.repeat(64)}`,
      '\n',
      "'",
      '{ none',
      '/*',
      `import{a}from'/lib.js'`,
    ];
    const text = fc.array(fc.oneof(fc.constantFrom(...hostile), fc.string({ maxLength: 8 })), { maxLength: 40 });
    fc.assert(
      fc.property(text, fc.string({ maxLength: 8 }), (parts, name) => {
        const found = placeIn(parts.join(''), noExport(name, '/lib.js'));
        assert.ok(found === undefined || /^\/far\/app\.js:\d+:\d+$/.test(found));
      }),
      { numRuns: 300 },
    );
    // Five million characters of each, beside which a search that goes back over them would not end.
    for (const piece of hostile) placeIn(piece.repeat(Math.ceil(5e6 / piece.length)), noExport('none', '/lib.js'));
  });
});
