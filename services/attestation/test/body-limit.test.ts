import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { bodyLimitOf } from '@enclos/service/routes';
import { routes, routeTable } from '../src/routes/table.ts';

const configured = 1_048_576;
const limit = bodyLimitOf(routeTable({ maxBodyBytes: configured }));
const limitAt = (method: string, path: string): number => limit({ method, path, headers: new Map() });
const base64 = (bytes: number): number => 4 * Math.ceil(bytes / 3);

describe('how long the body of a request may be', () => {
  it('is what the largest legal request of its route needs', () => {
    const evidence = base64(262_144) + 2 * base64(131_072) + 4096;
    const policy = base64(base64(262_144)) + base64(65_536);
    const secret = base64(65_536) + 65_536;
    const release = 131_072 + 4096;
    const cases: readonly (readonly [method: string, path: string, least: number, most: number])[] = [
      ['POST', '/attest/SgxEnclave', evidence, configured],
      ['POST', '/attest/TdxVm', evidence, configured],
      ['PUT', '/policies/SgxEnclave', policy, 1.5 * policy],
      ['POST', '/policies/TdxVm:reset', policy, 1.5 * policy],
      ['POST', '/certificates:add', policy, 1.5 * policy],
      ['PUT', '/keys/one', secret, 3 * secret],
      ['POST', '/key/release', release, 1.5 * release],
    ];
    for (const [method, path, least, most] of cases) {
      assert.ok(limitAt(method, path) >= least && limitAt(method, path) <= most, `${method} ${path}`);
    }
  });

  it('is that of the configuration for evidence only', () => {
    const small = bodyLimitOf(routeTable({ maxBodyBytes: 65_536 }));
    const at = (method: string, path: string): number => small({ method, path, headers: new Map() });
    assert.equal(at('POST', '/attest/SevSnpVm'), 65_536);
    assert.equal(at('PUT', '/keys/one'), limitAt('PUT', '/keys/one'));
  });

  it('is small for what takes no body, and for what is not there', () => {
    for (const { method, path } of routes.filter(({ body }) => body === undefined)) {
      assert.ok(method === 'GET' || method === 'DELETE', path);
      assert.equal(limitAt(method, path.replace('{type}', 'SgxEnclave').replace('{name}', 'one')), 4096);
    }
    for (const [method, path] of [
      ['PUT', '/attest/SgxEnclave'],
      ['POST', '/nothing'],
      ['POST', '/policies/{type}:reset'],
    ] as const) {
      assert.equal(limitAt(method, path), 4096);
    }
  });
});
