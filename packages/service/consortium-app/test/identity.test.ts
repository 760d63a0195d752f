import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { describe, it } from 'node:test';

import { toBase64, toBase64url, utf8 } from '@enclos/codec';
import { fromPem } from '@enclos/codec/pem';
import { decodeUtf8 } from '@enclos/codec/text';
import { coseProtectedHeader, coseSigningInput, writeCoseSign1 } from '@enclos/cose';
import type { KvTransaction } from '@enclos/kv';
import type { AuthnPolicy } from '../src/bundle/properties.ts';
import type { AppRequest } from '../src/contract/message.ts';
import { authenticate, type Authentication } from '../src/identity/authenticate.ts';
import { partyId, setUser } from '../src/node/genesis.ts';
import type { CertifiedKey } from '../src/node/identity.ts';
import { member, nowMs, stranger, user } from './kit/little-app.ts';
import { MemoryTransaction } from './kit/memory-transaction.ts';

const nowSeconds = nowMs / 1000;
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const jwtKeys = 'public:ccf.gov.jwt.public_signing_keys_metadata_v2';

function store(): KvTransaction {
  const transaction = new MemoryTransaction();
  setUser(transaction, { certificate: user.certificate, data: { role: 'x' } });
  const id = utf8(partyId(member.certificate));
  transaction.map('public:ccf.gov.members.certs').set(id, utf8(member.certificate));
  const key = ({ publicKey }: { publicKey: KeyObject }, constraint?: string): object => ({
    public_key: toBase64(new Uint8Array(publicKey.export({ type: 'spki', format: 'der' }))),
    issuer: 'https://issuer.example',
    ...(constraint === undefined ? {} : { constraint }),
  });
  const put = (kid: string, keys: readonly unknown[]): void =>
    transaction.map(jwtKeys).set(utf8(kid), utf8(JSON.stringify(keys)));
  put('rsa', [key(rsa)]);
  put('ec', [key(rsa), key(p256, 'https://issuer.example')]);
  put('entra', [key(rsa, 'https://login.microsoftonline.com/{tenantid}/v2.0')]);
  put('bad', [{ public_key: 'AAAA', issuer: 'x' }, 7, {}]);
  return transaction;
}

interface Ask {
  readonly as?: CertifiedKey;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  readonly at?: number;
}

function judge(
  policies: readonly AuthnPolicy[],
  { as, headers = {}, body = new Uint8Array(), at = nowSeconds }: Ask = {},
) {
  const certificate = as === undefined ? undefined : fromPem('CERTIFICATE', as.certificate, 65_536)[0];
  const request: AppRequest = {
    method: 'GET',
    path: '/',
    query: '',
    body,
    certificate,
    headers: new Map(Object.entries(headers)),
  };
  return authenticate(policies, { request, transaction: store(), nowSeconds: at });
}

function accepted(policies: readonly AuthnPolicy[], ask?: Ask): Authentication {
  const found = judge(policies, ask);
  assert.ok('caller' in found, 'status' in found ? decodeUtf8(found.body) : '');
  return found;
}

/** The reasons, by policy, and the challenge. */
function reasons(policies: readonly AuthnPolicy[], ask?: Ask): readonly [readonly string[], string | undefined] {
  const found = judge(policies, ask);
  assert.ok('status' in found);
  assert.equal(found.status, 401);
  const { error } = JSON.parse(decodeUtf8(found.body)) as {
    error: { code: string; message: string; details: { auth_policy: string; code: string; message: string }[] };
  };
  assert.deepEqual([error.code, error.message], ['InvalidAuthenticationInfo', 'Invalid authentication credentials.']);
  assert.deepEqual(Object.keys(error), ['code', 'details', 'message']);
  const shown = error.details.map(({ auth_policy, message }) => `${auth_policy} | ${message}`);
  return [shown, found.headers.get('www-authenticate')];
}

function token(claims: object, header: object = {}, key: KeyObject = rsa.privateKey): Record<string, string> {
  const part = (value: object): string => toBase64url(utf8(JSON.stringify(value)));
  const input = `${part({ alg: 'RS256', kid: 'rsa', ...header })}.${part({ exp: nowSeconds + 60, iss: 'https://issuer.example', ...claims })}`;
  const signature = sign('sha256', utf8(input), { key, dsaEncoding: 'ieee-p1363' });
  return { authorization: `Bearer ${input}.${toBase64url(new Uint8Array(signature))}` };
}

function signed(by: CertifiedKey, { kid = partyId(by.certificate), payload = 'content' } = {}): Ask {
  const protectedBytes = coseProtectedHeader({ algorithm: 'ES384', kid: utf8(kid) });
  const bytes = utf8(payload);
  const input = coseSigningInput({ protectedBytes, payload: bytes });
  const signature = new Uint8Array(sign('sha384', input, { key: by.privateKey, dsaEncoding: 'ieee-p1363' }));
  const body = writeCoseSign1({ protectedBytes, payload: bytes, signature });
  return { body, headers: { 'content-type': 'application/cose' } };
}

const bearer = 'Bearer realm="JWT bearer token access", error="invalid_token"';
const coseAccess = 'COSE-SIGN1 realm="Signed request access"';

describe('callers by certificate', () => {
  it('are users, members, or anybody', () => {
    const id = createHash('sha256')
      .update(fromPem('CERTIFICATE', user.certificate, 65_536)[0] ?? '')
      .digest('hex');
    assert.deepEqual(JSON.parse(JSON.stringify(accepted(['user_cert'], { as: user }).caller)), {
      policy: 'user_cert',
      id,
      data: { role: 'x' },
      cert: user.certificate,
    });
    assert.deepEqual(accepted(['member_cert'], { as: member }).caller?.data, null);
    assert.deepEqual(accepted(['any_cert'], { as: stranger }).caller, {
      policy: 'any_cert',
      cert: stranger.certificate,
    });
  });

  it('are refused for the reasons of CCF', () => {
    const policies: readonly AuthnPolicy[] = ['user_cert', 'member_cert', 'any_cert'];
    assert.deepEqual(reasons(policies), [
      [
        'user_cert | No caller user certificate',
        'member_cert | No caller member certificate',
        'any_cert | No caller certificate',
      ],
      undefined,
    ]);
    assert.deepEqual(reasons(['user_cert', 'member_cert'], { as: stranger })[0], [
      'user_cert | Could not find matching user certificate',
      'member_cert | Could not find matching member certificate',
    ]);
    const late = nowSeconds + 90_000;
    const early = nowSeconds - 10;
    assert.deepEqual(reasons(['user_cert'], { as: user, at: late })[0], [
      `user_cert | Current time ${late} is after certificate's Not After validity period ${nowSeconds + 86_400}`,
    ]);
    assert.deepEqual(reasons(['any_cert'], { as: user, at: early })[0], [
      `any_cert | Current time ${early} is before certificate's Not Before validity period ${nowSeconds - 1}`,
    ]);
  });
});

describe('callers by token', () => {
  it('are accepted by a key of the store', () => {
    const { caller } = accepted(['jwt'], { headers: token({ sub: 'me' }) });
    assert.equal(caller?.policy, 'jwt');
    assert.equal(caller.jwt?.keyIssuer, 'https://issuer.example');
    assert.equal((caller.jwt.payload as { sub: string }).sub, 'me');
    // The second key of this kid signed it.
    accepted(['jwt'], { headers: token({}, { alg: 'ES256', kid: 'ec' }, p256.privateKey) });
  });

  it('of Entra name their tenant', () => {
    const iss = 'https://login.microsoftonline.com/t1/v2.0';
    accepted(['jwt'], { headers: token({ iss, tid: 't1' }, { kid: 'entra' }) });
    for (const claims of [
      { iss, tid: 't2' },
      { iss },
      { iss: 'https://login.microsoftonline.com/t2/v2.0', tid: 't1' },
    ]) {
      const [[reason = '']] = reasons(['jwt'], { headers: token(claims, { kid: 'entra' }) });
      assert.match(reason, /failed issuer constraint validation/);
    }
  });

  const refused: readonly (readonly [string, Readonly<Record<string, string>>, RegExp])[] = [
    ['no header', {}, /^Missing authorization header$/],
    ['one field', { authorization: 'x' }, /^Authorization header only contains one field$/],
    ['another scheme', { authorization: 'Basic x' }, /^Authorization header does not have Bearer scheme$/],
    ['two parts', { authorization: 'Bearer a.b' }, /^Malformed JWT: must contain exactly 3 parts$/],
    ['no JSON', { authorization: 'Bearer YQ.YQ.YQ' }, /^JWT header does not follow schema/],
    ['an algorithm of another kind', token({}, { alg: 'PS256' }), /^JWT header does not follow schema/],
    ['no kid', token({}, { kid: 7 }), /^JWT header does not follow schema: kid/],
    ['an unknown kid', token({}, { kid: 'who' }), /^JWT signing key not found for kid who$/],
    ['keys that are none', token({}, { kid: 'bad' }), /^Signature verification failed$/],
    [
      'another signer',
      token({}, {}, generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey),
      /^Signature verification failed$/,
    ],
    ['its time over', token({ exp: nowSeconds - 1 }), /is after token's Expiration Time \(exp\) claim/],
    ['its time to come', token({ nbf: nowSeconds + 9 }), /is before token's Not Before \(nbf\) claim/],
    ['no expiry', token({ exp: 'x' }), /^JWT payload is missing required field/],
    [
      'another issuer',
      token({ iss: 'https://other' }, { alg: 'ES256', kid: 'ec' }, p256.privateKey),
      /^Kid ec failed issuer constraint/,
    ],
    [
      'a tenant of no tenant',
      token({ tid: 't' }, { alg: 'ES256', kid: 'ec' }, p256.privateKey),
      /^Kid ec failed issuer constraint/,
    ],
  ];
  for (const [what, headers, reason] of refused) {
    it(`are refused with ${what}`, () => {
      const [[shown = ''], challenge] = reasons(['jwt'], { headers });
      assert.match(shown.replace('jwt | ', ''), reason);
      assert.equal(challenge, bearer);
    });
  }
});

describe('callers by a signed body', () => {
  it('are users or members, and what they signed goes with them', () => {
    const { caller, content } = accepted(['user_cose_sign1'], signed(user));
    assert.equal(caller?.id, partyId(user.certificate));
    assert.deepEqual([decodeUtf8(content ?? new Uint8Array()), caller.cose], ['content', {}]);
    assert.equal(accepted(['member_cose_sign1'], signed(member)).caller?.policy, 'member_cose_sign1');
  });

  it('are refused for the reasons of CCF', () => {
    const { body = new Uint8Array(), headers = {} } = signed(user);
    const changed = body.slice();
    changed[body.length - 1] = (changed[body.length - 1] ?? 0) ^ 1;
    const cases: readonly (readonly [Ask, string])[] = [
      [{ body }, 'Missing content-type header'],
      [{ body, headers: { 'content-type': 'text/plain' } }, 'Content type is not set to application/cose'],
      [{ body: changed, headers }, 'Failed to validate COSE Sign1'],
      [signed(stranger), 'Signer is not a known user'],
      [signed(stranger, { kid: partyId(user.certificate) }), 'Failed to validate COSE Sign1'],
      [signed(member), 'Signer is not a known user'],
    ];
    for (const [ask, reason] of cases) {
      assert.deepEqual(reasons(['user_cose_sign1'], ask), [[`user_cose_sign1 | ${reason}`], coseAccess]);
    }
    const unsigned = writeCoseSign1({
      protectedBytes: coseProtectedHeader({ algorithm: 'EdDSA', kid: utf8(partyId(user.certificate)) }),
      payload: utf8('content'),
      signature: new Uint8Array(64),
    });
    const refused = [['user_cose_sign1 | Unsupported algorithm: -8'], coseAccess];
    assert.deepEqual(reasons(['user_cose_sign1'], { body: unsigned, headers }), refused);
  });

  it('fail, whatever other policies are there, with a message that cannot be read', () => {
    const { body = new Uint8Array(), headers = {} } = signed(user);
    const nameless = writeCoseSign1({
      protectedBytes: coseProtectedHeader({ algorithm: 'ES384' }),
      payload: utf8('content'),
      signature: new Uint8Array(96),
    });
    const unread = 'Failed to parse COSE_Sign1 outer array';
    for (const [bytes, message] of [
      [body.subarray(1), unread],
      [utf8('{}'), unread],
      [nameless, 'Missing kid in protected header'],
    ] as const) {
      for (const policies of [['user_cose_sign1', 'no_auth'], [{ allOf: ['user_cose_sign1', 'no_auth'] }]] as const) {
        const found = judge(policies, { body: bytes, headers });
        assert.ok('status' in found && found.status === 500, message);
        assert.deepEqual(JSON.parse(decodeUtf8(found.body)), { error: { code: 'InternalError', message } });
      }
    }
  });
});

describe('several policies', () => {
  it('of which the first that holds decides', () => {
    assert.equal(accepted(['jwt', 'user_cert', 'no_auth'], { as: user }).caller?.policy, 'user_cert');
    assert.equal(accepted(['user_cert', 'no_auth']).caller?.policy, 'no_auth');
    assert.equal(accepted([]).caller, null);
  });

  it('must all hold inside all_of, and are told apart', () => {
    const policies = [{ allOf: ['user_cert', 'jwt'] as const }];
    const { caller } = accepted(policies, { as: user, headers: token({}) });
    assert.deepEqual(caller?.policy, ['jwt', 'user_cert']);
    assert.equal((caller['user_cert'] as { policy: string }).policy, 'user_cert');
    assert.deepEqual(reasons(policies, { headers: token({}) }), [
      ['jwt+user_cert | user_cert:No caller user certificate'],
      undefined,
    ]);
    assert.deepEqual(reasons(policies, { as: user }), [['jwt+user_cert | jwt:Missing authorization header'], bearer]);
  });

  it('take the challenge of the last', () => {
    assert.equal(reasons(['user_cert', 'jwt'])[1], bearer);
    assert.equal(reasons(['jwt', 'user_cert'])[1], undefined);
  });
});
