import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createConfig, lint } from '@redocly/openapi-core';
import { apiRoutes } from '../src/api/inference-api.ts';
import { serviceDocument } from '../src/api/openapi.ts';
import { unsealedRoutes } from '../src/channels/unsealed.ts';
import { adder, apiOptionsOf, modelsOf } from './scene.ts';
import { openScene, wholeBodyOf } from './sealed-scene.ts';

const path = fileURLToPath(new URL('../../openapi.json', import.meta.url));
interface Operation {
  readonly operationId: string;
}
const document = JSON.parse(readFileSync(path, 'utf8')) as {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
};

/** Operations that a path without its optional part, and one with it, stand for. */
function expanded({
  operation,
  method,
  path: pattern,
}: {
  operation: string;
  method: string;
  path: string;
}): readonly string[] {
  const at = (text: string): string => text.replaceAll('{name}', '{model}');
  const short = `${operation} ${method} ${at(pattern.replaceAll(/\[[^\]]*\]/g, ''))}`;
  return pattern.includes('[/versions')
    ? [short, `${operation}OfVersion ${method} ${at(pattern.replaceAll(/[[\]]/g, ''))}`]
    : [short];
}

describe('openapi.json', () => {
  it('is what the service gives (npm run openapi --workspace services/inference writes it)', () => {
    assert.deepEqual(document, JSON.parse(JSON.stringify(serviceDocument())));
  });

  it('is served', async () => {
    const scene = await openScene();
    const answer = await scene.send({ method: 'GET', path: '/openapi.json' });
    assert.deepEqual(JSON.parse(Buffer.from(await wholeBodyOf(answer)).toString('utf8')), document);
  });

  it('has every route that is served, and no other', async () => {
    const { keys } = await openScene();
    const served = [
      ...apiRoutes(apiOptionsOf(modelsOf(adder))).flatMap(expanded),
      ...unsealedRoutes({ keys, report: async () => ({ status: 200 }) }).map(
        (route) => `${route.operation} GET ${route.path}`,
      ),
      'sealedRequest POST /ohttp',
      'session POST /v1/session',
    ];
    const described = Object.entries(document.paths).flatMap(([at, methods]) =>
      Object.entries(methods).flatMap(([method, { operationId }]) =>
        method === 'parameters' ? [] : [`${operationId} ${method.toUpperCase()} ${at}`],
      ),
    );
    assert.deepEqual(described.toSorted(), served.toSorted());
  });

  it('describes paths that answer, with and without the slash of the protocol', async () => {
    const scene = await openScene();
    for (const at of ['/v2', '/v2/']) assert.equal((await scene.send({ method: 'GET', path: at })).status, 200, at);
    for (const [at, methods] of Object.entries(document.paths)) {
      const real = at.replaceAll('{model}', 'adder').replaceAll('{version}', '1');
      for (const method of Object.keys(methods).filter((name) => name !== 'parameters')) {
        const { status } = await scene.send({ method: method.toUpperCase(), path: real });
        assert.ok(status !== 404 && status !== 405, `${method} ${at} is ${status}`);
      }
    }
  });

  it('has no complaint of the linter', async () => {
    const config = await createConfig({ extends: ['recommended'] });
    const problems = await lint({ ref: path, config });
    assert.deepEqual(
      problems.map(({ ruleId, message, location }) => [ruleId, message, location[0]?.pointer]),
      [],
    );
  });
});
