import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createConfig, lint, lintFromString } from '@redocly/openapi-core';
import { faultName } from '@enclos/service/routes';
import { errorNames } from '../src/routes/error-names.ts';
import { errorsOf, serviceDocument } from '../src/routes/openapi.ts';
import { routes } from '../src/routes/table.ts';
import { createSite } from './site.ts';

const path = fileURLToPath(new URL('../../openapi.json', import.meta.url));
interface Operation {
  readonly operationId: string;
  readonly responses: Readonly<Record<string, { readonly description: string }>>;
}
const document = JSON.parse(readFileSync(path, 'utf8')) as {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
};

describe('openapi.json', () => {
  it('is what the routes give (npm run openapi --workspace services/attestation writes it)', () => {
    assert.deepEqual(document, JSON.parse(JSON.stringify(serviceDocument(routes))));
  });

  it('is served', async () => {
    assert.deepEqual((await createSite().send('GET', '/openapi.json')).body, document);
  });

  it('has every route and every error once', () => {
    const described = Object.entries(document.paths).flatMap(([at, methods]) =>
      Object.entries(methods).map(([method, { operationId }]) => `${operationId} ${method.toUpperCase()} ${at}`),
    );
    assert.deepEqual(
      described,
      routes.map(({ operation, method, path: at }) => `${operation} ${method} ${at}`),
    );
    const statuses = new Map([...Object.values(errorNames), faultName].map(({ name, status }) => [name, status]));
    for (const route of routes) {
      const responses: Operation['responses'] =
        document.paths[route.path]?.[route.method.toLowerCase()]?.responses ?? {};
      const codes = Object.entries(responses).flatMap(([status, { description }]) =>
        status === '200' ? [] : description.split(', ').map((code) => [code, Number(status)] as const),
      );
      assert.deepEqual(
        codes.map(([code]) => code).sort(),
        errorsOf(route)
          .map(({ name }) => name)
          .sort(),
      );
      for (const [code, status] of codes) assert.equal(statuses.get(code), status);
    }
    const all = new Set(routes.flatMap((route) => errorsOf(route).map(({ name }) => name)));
    assert.deepEqual([...all].sort(), [...statuses.keys()].sort());
  });

  it('has no complaint of the linter', async () => {
    const config = await createConfig({ extends: ['recommended'] });
    const problems = await lint({ ref: path, config });
    assert.deepEqual(
      problems.map(({ ruleId, message, location }) => [ruleId, message, location[0]?.pointer]),
      [],
    );
    const source = JSON.stringify({ ...document, paths: { '/a': { get: { responses: {} } } } });
    const found = (await lintFromString({ source, config })).map(({ ruleId }) => ruleId);
    assert.ok(found.includes('operation-operationId') || found.includes('operation-4xx-response'), found.join(' '));
  });
});
