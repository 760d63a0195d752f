import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { parseQuery } from '../src/contract/query.ts';
import { matchTemplate, parseTemplate, templateProblem } from '../src/bundle/template.ts';
import { Router } from '../src/routes/router.ts';
import type { EndpointRow } from '../src/bundle/rows.ts';

const row = (verb: string, path: string): EndpointRow => ({
  verb,
  path,
  template: parseTemplate(path),
  properties: { problem: 'not of this test' },
});

function match(template: string, path: string): Record<string, string> | undefined {
  const parsed = parseTemplate(template);
  assert.ok(parsed);
  return matchTemplate(parsed, path);
}

describe('templates of paths', () => {
  it('take parameters apart as CCF does', () => {
    assert.deepEqual(match('/records/{key}', '/records/a%20b'), { key: 'a%20b' });
    assert.deepEqual(match('/a/{x}:go/{y}', '/a/1:go/2'), { x: '1', y: '2' });
    assert.deepEqual(match('/{a}-{b}', '/x-y-z'), { a: 'x-y', b: 'z' });
    for (const path of ['/records/', '/records/a/b', '/records', '/other/a', '/records//']) {
      assert.equal(match('/records/{key}', path), undefined, path);
    }
  });

  it('give the values of the regular expression that CCF makes', () => {
    const piece = fc.stringMatching(/^[ab.-]{1,2}$/);
    const part = fc.array(fc.oneof(piece, fc.constant('{}')), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(
        fc.array(part, { minLength: 1, maxLength: 3 }),
        fc.stringMatching(/^(\/[ab.-]{0,7}){1,3}$/),
        (parts, path) => {
          let count = 0;
          const text = `/${parts.map((pieces) => pieces.map((each) => (each === '{}' ? `{p${count++}}` : each)).join('')).join('/')}`;
          fc.pre(count > 0 && templateProblem(text) === undefined);
          const source = text.replaceAll(/[.-]/g, String.raw`\$&`).replaceAll(/\{[^}]+\}/g, '([^/]+)');
          const expected = new RegExp(`^${source}$`).exec(path);
          const found = match(text, path);
          assert.deepEqual(found === undefined ? undefined : Object.values(found), expected?.slice(1));
        },
      ),
    );
  });

  it('refuse what would be ambiguous or costly', () => {
    for (const path of ['records', '/{a}{b}', '/{a', '/a}', '/{}', '/{a}/{a}', '/{a/b}']) {
      assert.notEqual(templateProblem(path), undefined, path);
    }
    assert.notEqual(
      templateProblem(`/${Array.from({ length: 40 }, (_, index) => `{p${index}}`).join('/')}`),
      undefined,
    );
    assert.equal(templateProblem('/a/{b}/c.{d}'), undefined);
  });
});

describe('the router', () => {
  const router = new Router(
    [row('GET', '/a'), row('PUT', '/a'), row('GET', '/{x}/b'), row('GET', '/a/{y}'), row('POST', '/{z}')],
    new Map([
      ['/tx', { GET: 'tx' }],
      ['/a', { GET: 'hidden' }],
    ]),
  );

  it('prefers an exact path to a template, and the application to the service', () => {
    const found = router.find('GET', '/a');
    assert.equal(found.kind === 'app' && found.row.path, '/a');
    assert.deepEqual(router.find('GET', '/tx'), { kind: 'built-in', handler: 'tx' });
  });

  it('calls two templates for one path an error', () => {
    assert.deepEqual(router.find('GET', '/a/b'), { kind: 'ambiguous', templates: ['/{x}/b', '/a/{y}'] });
  });

  it('lists the methods of a path that has others, in the order of CCF', () => {
    assert.deepEqual(router.find('DELETE', '/a'), { kind: 'wrong-method', allowed: ['OPTIONS', 'GET', 'POST', 'PUT'] });
    assert.deepEqual(router.find('OPTIONS', '/tx'), { kind: 'wrong-method', allowed: ['OPTIONS', 'GET', 'POST'] });
    assert.deepEqual(router.find('GET', '/a/c/d'), { kind: 'unknown' });
  });

  it('is not misled by names of members of every object', () => {
    assert.deepEqual(router.find('constructor', '/tx').kind, 'wrong-method');
    assert.deepEqual(router.find('GET', '/__proto__/x/y'), { kind: 'unknown' });
  });
});

describe('queries', () => {
  it('are decoded, and the first of a name counts', () => {
    assert.deepEqual(
      [...parseQuery('a=1&b=x%20y+z&a=2&c&=&d=%zz')],
      [
        ['a', '1'],
        ['b', 'x y z'],
        ['c', ''],
        ['', ''],
        ['d', '%zz'],
      ],
    );
    assert.equal(parseQuery(Array.from({ length: 1000 }, (_, index) => `k${index}=`).join('&')).size, 64);
  });
});
