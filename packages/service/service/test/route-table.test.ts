import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { bodyLimitOf, createRouteTable } from '../src/routes/index.ts';

const parameters = { kind: { choices: ['one', 'two'] }, name: { pattern: /^[a-z]{1,8}$/ } };
const table = createRouteTable(
  [
    { method: 'GET', path: '/items/{name}' },
    { method: 'PUT', path: '/items/{name}', body: 100 },
    { method: 'GET', path: '/items/all' },
    { method: 'POST', path: '/kinds/{kind}:reset', body: 10_000 },
    { method: 'GET', path: '/kinds/{kind}/items/{name}' },
  ],
  parameters,
);

test('a path has the routes of its methods, with what stands in it', () => {
  const put = table.at('/items/some')?.get('PUT');
  assert.deepEqual([put?.parameters, put?.choices], [{ name: 'some' }, {}]);
  assert.deepEqual([...(table.at('/items/some')?.keys() ?? [])], ['GET', 'PUT']);
  const reset = table.at('/kinds/two:reset')?.get('POST');
  assert.deepEqual([reset?.parameters, reset?.choices], [{ kind: 'two' }, { kind: 'two' }]);
  const both = table.at('/kinds/one/items/some')?.get('GET');
  assert.deepEqual([both?.parameters, both?.choices], [{ kind: 'one', name: 'some' }, { kind: 'one' }]);
});

test('a path without a pattern goes before one with it', () => {
  assert.equal(table.at('/items/all')?.get('GET')?.route.path, '/items/all');
  assert.equal(table.at('/items/all')?.get('PUT'), undefined);
});

test('nothing else is a path', () => {
  const others = ['', '/', '/items', '/items/', '/items/SOME', '/items/a%62', '/items/toolongname', '/items/a/b'];
  for (const path of [
    ...others,
    '/items/{name}',
    '/kinds/{kind}:reset',
    '/kinds/three:reset',
    '/kinds/one',
    'items/a',
  ]) {
    assert.equal(table.at(path), undefined, path);
  }
});

test('any other text finds nothing, or a route whose path it spells', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.webPath(),
        fc.string().map((text) => `/items/${text}`),
      ),
      (path) => {
        for (const { route, parameters: found } of table.at(path)?.values() ?? []) {
          const spelled = Object.entries(found).reduce(
            (text, [name, value]) => text.replace(`{${name}}`, value),
            route.path,
          );
          assert.equal(spelled, path);
        }
      },
    ),
  );
});

test('a table that has no such parameter, or a pattern before the end, is refused', () => {
  const made = (path: string) => () => createRouteTable([{ method: 'GET', path }], parameters);
  assert.throws(made('/a/{other}'), TypeError);
  assert.throws(made('/a/{name}/b'), TypeError);
  assert.throws(made('/a/{name}:reset'), TypeError);
});

test('a body may have what its route takes, and 4 KiB elsewhere', () => {
  const limit = bodyLimitOf(table);
  const at = (method: string, path: string): number => limit({ method, path, headers: new Map() });
  assert.deepEqual([at('PUT', '/items/a'), at('POST', '/kinds/one:reset')], [100, 10_000]);
  assert.deepEqual([at('POST', '/items/a'), at('GET', '/items/a'), at('GET', '/none')], [4096, 4096, 4096]);
});
