import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { utf8 } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import fc from 'fast-check';
import { bundleOf, readBundle, writeBundle } from '../src/index.ts';

const endpoint = {
  js_module: 'app.js',
  js_function: 'get',
  authn_policies: ['user_cert', { all_of: ['jwt', 'user_cert'] }],
  forwarding_required: 'sometimes',
  mode: 'readonly',
};
const modules = [{ name: 'app.js', source: 'export const get = () => ({});' }];
const metadata = (change: object = {}, path = '/x/{y}'): Uint8Array =>
  utf8(JSON.stringify({ endpoints: { [path]: { get: { ...endpoint, ...change } } } }));

function problemOf(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    assert.ok(isEnclosError(error, 'APP_INVALID'));
    return error.message;
  }
  return assert.fail('It was read.');
}

describe('bundles of applications', () => {
  it('come from a folder, with the defaults of CCF', () => {
    const [found] = bundleOf(metadata(), modules).endpoints;
    assert.ok(found);
    assert.deepEqual([found.verb, found.path], ['GET', '/x/{y}']);
    assert.deepEqual(
      { ...found.properties, openapi: undefined },
      {
        module: 'app.js',
        function: 'get',
        policies: ['user_cert', { allOf: ['jwt', 'user_cert'] }],
        forwarding: 'sometimes',
        redirection: 'to_primary',
        mode: 'readonly',
        openapi: undefined,
        isHidden: false,
        reuseKey: undefined,
        answersWhenCommitted: false,
      },
    );
  });

  it('come as bundle.json, as arguments of set_js_app and as a proposal', () => {
    const bundle = bundleOf(metadata({ respond: 'committed', 'x-old': 1 }), modules);
    const written = writeBundle(bundle);
    const args = `{"bundle":${Buffer.from(written).toString()}}`;
    for (const text of [Buffer.from(written).toString(), args, `{"actions":[{"name":"set_js_app","args":${args}}]}`]) {
      assert.deepEqual(readBundle(utf8(text)), bundle);
    }
  });

  const refused: readonly (readonly [string, object, RegExp])[] = [
    [
      'a policy that is not known',
      { authn_policies: ['user'] },
      /authn_policies: each must be "user_cert" or .*, and not "user"\./,
    ],
    [
      'one policy twice in all_of',
      { authn_policies: [{ all_of: ['jwt', 'jwt'] }] },
      /authn_policies: each must be .*"all_of"/,
    ],
    ['a mode that is not known', { mode: 'write' }, /mode: must be/],
    ['no function', { js_function: undefined }, /js_function: is missing/],
    ['forwarding of another kind', { forwarding_required: true }, /forwarding_required: must be/],
    ['reuse without a key', { interpreter_reuse: {} }, /interpreter_reuse\.key: is missing/],
    ['an OpenAPI operation that is not an object', { openapi: [] }, /openapi: must be an object/],
    ['a module that is not there', { js_module: 'other.js' }, /the module "other\.js" is not in the bundle/],
  ];
  for (const [what, change, problem] of refused) {
    it(`are refused with ${what}`, () => {
      assert.match(
        problemOf(() => bundleOf(metadata(change), modules)),
        problem,
      );
    });
  }

  it('are refused with a path that is not a template, and with an unknown method', () => {
    assert.match(
      problemOf(() => bundleOf(metadata({}, '/{a}{b}'), modules)),
      /two parameters/,
    );
    const strange = utf8(JSON.stringify({ endpoints: { '/x': { fetch: endpoint } } }));
    assert.match(
      problemOf(() => bundleOf(strange, modules)),
      /the method is none of get, head/,
    );
  });

  it('are refused with modules outside of src/ or twice there', () => {
    for (const name of ['../app.js', '/app.js', 'a//b.js', './app.js', '', 'a\\b.js', 'a/../app.js']) {
      assert.match(
        problemOf(() => bundleOf(metadata(), [...modules, { name, source: '' }])),
        /not a path within/,
        name,
      );
    }
    assert.match(
      problemOf(() => bundleOf(metadata(), [...modules, ...modules])),
      /there twice/,
    );
  });

  it('name all mistakes at once', () => {
    const message = problemOf(() => bundleOf(metadata({ mode: 'x', js_function: 1 }), []));
    assert.match(message, /mode: must be/);
    assert.match(message, /js_function: must be/);
  });

  it('are bounded before values are made of them', () => {
    assert.match(
      problemOf(() => readBundle(utf8(`[${'{},'.repeat(70_000)}0]`))),
      /within its bounds/,
    );
  });

  it('of any bytes are read or refused, and nothing else', () => {
    const text = Buffer.from(writeBundle(bundleOf(metadata(), modules)));
    fc.assert(
      fc.property(
        fc.nat(text.length - 1),
        fc.integer({ min: 0, max: 255 }),
        fc.nat(text.length),
        (at, byte, length) => {
          const changed = Buffer.from(text);
          changed[at] = byte;
          try {
            readBundle(new Uint8Array(changed.subarray(0, length === 0 ? undefined : length)));
          } catch (error) {
            assert.ok(isEnclosError(error, 'APP_INVALID'));
          }
        },
      ),
    );
  });
});
