import assert from 'node:assert/strict';
import { generateKeyPairSync, sign } from 'node:crypto';
import { describe, it } from 'node:test';
import { toBase64url, utf8 } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import fc from 'fast-check';
import { makeServiceIdentity, readTokenIssuer, Sandbox, type AppAnswer, type TokenIssuer } from '../src/index.ts';
import { bundle, textOf } from './kit/little-app.ts';
import { engines } from './kit/scripts.ts';

const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
const jwk = { ...pair.publicKey.export({ format: 'jwk' }), kid: 'one' };
const issuer = 'https://issuer.example';
const definition = (changes: object = {}): object => ({ issuer, jwks: { keys: [jwk] }, ...changes });
const read = (value: unknown): TokenIssuer => readTokenIssuer(utf8(JSON.stringify(value)));

function tokenFor(claims: object): string {
  const part = (value: object): string => toBase64url(utf8(JSON.stringify(value)));
  const exp = Math.floor(Date.now() / 1000) + 60;
  const input = `${part({ alg: 'RS256', kid: 'one' })}.${part({ iss: issuer, exp, ...claims })}`;
  return `${input}.${toBase64url(new Uint8Array(sign('sha256', utf8(input), pair.privateKey)))}`;
}

describe('the definition of an issuer', () => {
  it('is the arguments of set_jwt_issuer, alone or in a proposal', () => {
    assert.equal(JSON.stringify(read(definition())), JSON.stringify(definition()));
    const action = { name: 'set_jwt_issuer', args: definition({ auto_refresh: false, key_filter: 'all' }) };
    assert.deepEqual(read({ actions: [action] }), read(definition()));
  });

  for (const [what, value, reason] of [
    ['no JSON', undefined, /not JSON/],
    ['a key set alone', { keys: [jwk] }, /issuer: is missing\.\n {2}jwks: is missing/],
    ['a name that is none', definition({ issuer: 7 }), /issuer: must be/],
    ['keys that are none', definition({ jwks: [jwk] }), /jwks: must be an object/],
    [
      'keys that are to be fetched',
      definition({ auto_refresh: true }),
      /auto_refresh: must be false: keys are not fetched/,
    ],
  ] as const) {
    it(`is refused with ${what}`, () => {
      assert.throws(
        () => read(value),
        (error) => isEnclosError(error, 'TOKEN_ISSUER_INVALID') && reason.test(error.message),
      );
    });
  }

  it('is read from any bytes, or refused with its own error', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.json().map((text) => utf8(text)),
    );
    fc.assert(
      fc.property(bytes, (given) => {
        try {
          readTokenIssuer(given);
        } catch (error) {
          assert.ok(isEnclosError(error, 'TOKEN_ISSUER_INVALID'), String(error));
        }
      }),
    );
  });
});

const app = bundle('export const who = ({ caller }) => ({ body: caller.jwt.payload.sub + caller.jwt.keyIssuer });', {
  'GET /who who': { policies: ['jwt'], mode: 'readonly' },
});

for (const engine of engines) {
  describe(`tokens in a sandbox on ${engine.name}`, () => {
    const sandboxOf = (issuers: readonly TokenIssuer[]): Sandbox => {
      const identity = makeServiceIdentity(['localhost']);
      return new Sandbox({ engine, identity, members: [], users: [], address: '127.0.0.1:8000', issuers });
    };
    const ask = async (issuers: readonly TokenIssuer[], claims: object): Promise<AppAnswer> => {
      const sandbox = sandboxOf(issuers);
      sandbox.deploy(app);
      const headers = new Map([['authorization', `Bearer ${tokenFor(claims)}`]]);
      const answer = await sandbox.submit({ method: 'GET', path: '/who', query: '', headers, body: new Uint8Array() });
      sandbox.close();
      return answer;
    };

    it('are those of its issuers, and of nobody else', async () => {
      assert.equal(textOf(await ask([read(definition())], { sub: 'me' })), `me${issuer}`);
      const unknown = await ask([], { sub: 'me' });
      assert.equal(unknown.status, 401);
      assert.match(textOf(unknown), /JWT signing key not found for kid one/);
      const bound = read(definition({ jwks: { keys: [{ ...jwk, issuer }] } }));
      assert.match(textOf(await ask([bound], { iss: 'https://other.example' })), /failed issuer constraint/);
    });

    it('are refused at the start where a key is none, by name', () => {
      for (const [keys, reason] of [
        [[], /needs from 1 to/],
        [[{ ...jwk, kid: undefined }], /Missing kid/],
        [[{ kty: 'oct', kid: 'x', k: 'AA' }], /kid x has neither/],
        [[{ ...jwk, issuer: 'https://else.example' }], /fails validation against issuer/],
      ] as const) {
        assert.throws(
          () => sandboxOf([read(definition({ jwks: { keys } }))]),
          (error) => isEnclosError(error, 'TOKEN_ISSUER_INVALID') && reason.test(error.message),
        );
      }
    });
  });
}
