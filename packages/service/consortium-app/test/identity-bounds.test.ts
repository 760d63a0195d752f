import assert from 'node:assert/strict';
import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { describe, it } from 'node:test';

import { cborText, toBase64, toBase64url, utf8 } from '@enclos/codec';
import { decodeUtf8 } from '@enclos/codec/text';
import { fromPem, toPem } from '@enclos/codec/pem';
import { coseProtectedHeader, coseSigningInput, writeCoseSign1, type CoseAlgorithm } from '@enclos/cose';
import type { AppRequest } from '../src/contract/message.ts';
import { authenticate } from '../src/identity/authenticate.ts';
import { authenticateAnyCertificate, authenticateParty, dataOf } from '../src/identity/certificates.ts';
import { peerOfRequest } from '../src/identity/peer.ts';
import { authenticateSignedBody } from '../src/identity/signed-body.ts';
import { authenticateToken } from '../src/identity/token.ts';
import { partyId, setUser } from '../src/node/genesis.ts';
import { member, nowMs, stranger, user } from './kit/little-app.ts';
import { MemoryTransaction } from './kit/memory-transaction.ts';

const nowSeconds = nowMs / 1000;
const requestOf = (of: Partial<AppRequest>): AppRequest => ({
  method: 'GET',
  path: '/',
  query: '',
  body: new Uint8Array(),
  headers: new Map(),
  ...of,
});
const derOf = (pem: string): Uint8Array => fromPem('CERTIFICATE', pem, 65_536)[0] ?? new Uint8Array();
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const spkiOf = ({ publicKey }: { readonly publicKey: KeyObject }): string =>
  toBase64(new Uint8Array(publicKey.export({ type: 'spki', format: 'der' })));

/** What a policy says: `undefined` where it accepts. */
const refusalOf = (finding: object): unknown => ('refusal' in finding ? finding.refusal : undefined);

describe('certificates of callers', () => {
  const at = (seconds: number): unknown =>
    refusalOf(
      authenticateAnyCertificate({
        request: requestOf({ certificate: derOf(user.certificate) }),
        transaction: new MemoryTransaction(),
        nowSeconds: seconds,
      }),
    );

  it('are valid from their first second to their last', () => {
    assert.equal(at(nowSeconds - 1), undefined);
    assert.match(String(at(nowSeconds - 2)), /is before/);
    assert.equal(at(nowSeconds + 86_400), undefined);
    assert.match(String(at(nowSeconds + 86_401)), /is after/);
  });

  it('that cannot be read are refused, as those of users are', () => {
    const context = {
      request: requestOf({ certificate: Uint8Array.of(1, 2, 3) }),
      transaction: new MemoryTransaction(),
      nowSeconds,
    };
    assert.equal(refusalOf(authenticateAnyCertificate(context)), 'Could not read caller certificate');
    assert.equal(refusalOf(authenticateParty(context, 'user')), 'Could not read caller certificate');
    // The dates of members are left to governance, which knows this one not.
    assert.equal(refusalOf(authenticateParty(context, 'member')), 'Could not find matching member certificate');
  });

  it('of users and members are kept apart, with the data of each', () => {
    const transaction = new MemoryTransaction();
    const put = (table: string, value: string): void =>
      transaction.map(`public:ccf.gov.${table}`).set(utf8('id'), utf8(value));
    assert.equal(dataOf(transaction, 'user', 'id'), null);
    put('users.info', '{"user_data":{"role":1},"member_data":2}');
    put('members.info', '{"member_data":[3]}');
    assert.equal(JSON.stringify(dataOf(transaction, 'user', 'id')), '{"role":1}');
    assert.deepEqual(dataOf(transaction, 'member', 'id'), [3]);
    put('users.info', '{}');
    assert.equal(dataOf(transaction, 'user', 'id'), null);
    put('users.info', '[]');
    assert.equal(dataOf(transaction, 'user', 'id'), null);
    put('users.info', '{"user_data":1}'.padEnd(1_048_576));
    assert.equal(dataOf(transaction, 'user', 'id'), 1);
    put('users.info', '{"user_data":1}'.padEnd(1_048_577));
    assert.throws(() => dataOf(transaction, 'user', 'id'), { code: 'CODEC_OUT_OF_RANGE' });
  });

  it('that governance knows are the peer of a request, and others are the network it comes from', () => {
    const transaction = new MemoryTransaction();
    setUser(transaction, { certificate: user.certificate });
    const id = partyId(member.certificate);
    transaction.map('public:ccf.gov.members.certs').set(utf8(id), utf8(member.certificate));
    const peer = (of: { readonly certificate?: string; readonly address?: string }): string =>
      peerOfRequest(
        requestOf({ ...of, certificate: of.certificate === undefined ? undefined : derOf(of.certificate) }),
        transaction,
      );
    const address = '192.0.2.1 5000';
    assert.equal(peer({ certificate: user.certificate, address }), `user ${partyId(user.certificate)}`);
    assert.equal(peer({ certificate: member.certificate, address }), `member ${id}`);
    assert.equal(peer({ certificate: stranger.certificate, address }), '192.0.2.1');
    assert.equal(peer({ address }), '192.0.2.1');
    assert.equal(peer({}), '');
  });
});

describe('tokens of callers', () => {
  const table = 'public:ccf.gov.jwt.public_signing_keys_metadata_v2';

  function judge(row: unknown, claims: object = {}, { header = {}, scheme = 'Bearer' } = {}): unknown {
    const transaction = new MemoryTransaction();
    transaction.map(table).set(utf8('k'), utf8(typeof row === 'string' ? row : JSON.stringify(row)));
    const part = (value: object): string => toBase64url(utf8(JSON.stringify(value)));
    const payload = { exp: nowSeconds + 60, iss: 'https://issuer.example', ...claims };
    const input = `${part({ alg: 'RS256', kid: 'k', ...header })}.${part(payload)}`;
    const signature = new Uint8Array(sign('sha256', utf8(input), rsa.privateKey));
    const headers = new Map([['authorization', `${scheme} ${input}.${toBase64url(signature)}`]]);
    return refusalOf(authenticateToken({ request: requestOf({ headers }), transaction, nowSeconds }));
  }

  const key = { public_key: spkiOf(rsa), issuer: 'https://issuer.example' };
  const other = { ...key, public_key: spkiOf(generateKeyPairSync('ec', { namedCurve: 'P-256' })) };

  it('hold from their first second to their last', () => {
    assert.equal(judge([key]), undefined);
    assert.equal(judge([key], { exp: nowSeconds, nbf: nowSeconds }), undefined);
    assert.match(String(judge([key], { exp: nowSeconds - 1 })), /is after/);
    assert.match(String(judge([key], { nbf: nowSeconds + 1 })), /is before/);
    for (const claims of [{ iss: 7 }, { exp: '1' }, { nbf: '1' }]) {
      assert.match(String(judge([key], claims)), /missing required field/);
    }
    assert.match(String(judge([key], {}, { scheme: 'bearer' })), /does not have Bearer scheme/);
  });

  it('are tried with so many keys of their kid, and with no more', () => {
    const others = (count: number): readonly object[] => Array.from({ length: count }, () => other);
    assert.equal(judge([...others(15), key]), undefined);
    assert.equal(judge([...others(16), key]), 'Signature verification failed');
    assert.match(String(judge([])), /key not found/);
    assert.match(String(judge({ 0: key })), /key not found/);
    assert.match(String(judge([7, null, { issuer: 'x' }, { public_key: 'x' }])), /key not found/);
    assert.equal(judge([{ public_key: '*', issuer: 'x' }, key]), undefined);
    assert.equal(judge(JSON.stringify([key]).padEnd(1_048_576)), undefined);
    assert.throws(() => judge(JSON.stringify([key]).padEnd(1_048_577)), { code: 'CODEC_OUT_OF_RANGE' });
  });

  it('are bounded in length', () => {
    const fill = (length: number): unknown => judge([key], { fill: 'x'.repeat(length) });
    assert.equal(fill(11_000), undefined);
    assert.match(String(fill(13_000)), /does not follow schema/);
  });

  it('are of the issuer that governance bound their key to', () => {
    const bound = (constraint: unknown, claims: object): unknown => judge([{ ...key, constraint }], claims);
    const iss = 'https://login.microsoftonline.com/t1/v2.0';
    const tenants = 'https://login.microsoftonline.com/{tenantid}/v2.0';
    assert.equal(bound('https://issuer.example', {}), undefined);
    assert.equal(bound('not a URL', { iss: 'not a URL' }), undefined);
    assert.equal(bound(7, {}), undefined);
    assert.equal(bound(tenants, { iss, tid: 't1' }), undefined);
    assert.equal(bound(iss, { iss, tid: 't1' }), undefined);
    for (const [constraint, claims] of [
      ['https://issuer.example', { tid: 't1' }],
      ['https://other.example', {}],
      [tenants, { iss }],
      [tenants, { iss, tid: 't2' }],
      [tenants, { iss, tid: 7 }],
      [iss, { iss, tid: 't2' }],
      ['https://login.microsoftonline.com/common/v2.0', { iss, tid: 't1' }],
      // The tenant is a pattern to no one.
      [tenants, { iss: 'https://login.microsoftonline.com/$&/v2.0', tid: '$$&' }],
    ] as const) {
      assert.match(String(bound(constraint, claims)), /failed issuer constraint/, JSON.stringify(claims));
    }
  });
});

describe('bodies that callers signed', () => {
  const curves = { ES256: ['P-256', 'sha256'], ES384: ['P-384', 'sha384'], ES512: ['P-521', 'sha512'] } as const;

  it('count by the key of the certificate that governance knows, under each algorithm of its curves', () => {
    // The certificate is the user's, and what signs is another key: nothing holds.
    for (const [algorithm, [namedCurve, hash]] of Object.entries(curves)) {
      const { privateKey } = generateKeyPairSync('ec', { namedCurve });
      assert.match(String(judge(algorithm as CoseAlgorithm, hash, privateKey)), /Failed to validate/);
    }
    assert.equal(judge('ES384', 'sha384', user.privateKey), undefined);
    assert.match(String(judge('ES384', 'sha384', user.privateKey, { kid: '' })), /Missing kid/);
    const edwards = generateKeyPairSync('ed25519').privateKey;
    assert.equal(judge('EdDSA', null, edwards), 'Unsupported algorithm: -8');
    assert.match(String(judge('ES384', 'sha384', user.privateKey, { detached: true })), /Failed to validate/);
    assert.match(String(judge('ES384', 'sha384', user.privateKey, { critical: true })), /Failed to parse/);
  });

  it('do not count where governance wrote what is no certificate of a curve', () => {
    const rsaPem = toPem('CERTIFICATE', Uint8Array.of(0x30, 0));
    assert.match(String(judge('ES384', 'sha384', user.privateKey, { pem: rsaPem })), /Failed to validate/);
    assert.match(String(judge('ES384', 'sha384', user.privateKey, { pem: 'no PEM' })), /Failed to validate/);
    const padded = (length: number): unknown =>
      judge('ES384', 'sha384', user.privateKey, { pem: user.certificate.padEnd(length, '\n') });
    assert.equal(padded(65_536), undefined);
    assert.match(String(padded(65_537)), /Failed to validate/);
  });

  interface Changes {
    readonly kid?: string;
    readonly detached?: boolean;
    readonly critical?: boolean;
    readonly pem?: string;
  }

  function judge(algorithm: CoseAlgorithm, hash: string | null, key: KeyObject, changes: Changes = {}): unknown {
    const { kid = partyId(user.certificate), pem = user.certificate } = changes;
    const transaction = new MemoryTransaction();
    transaction.map('public:ccf.gov.users.certs').set(utf8(kid), utf8(pem));
    const payload = utf8('content');
    const protectedBytes = coseProtectedHeader({
      algorithm,
      ...(kid === '' ? {} : { kid: utf8(kid) }),
      ...(changes.critical === true ? { others: new Map([[2, Uint8Array.of(0x81, ...cborText('x'))]]) } : {}),
    });
    const input = coseSigningInput({ protectedBytes, payload });
    const signature = new Uint8Array(sign(hash, input, { key, dsaEncoding: 'ieee-p1363' }));
    const body = writeCoseSign1({ protectedBytes, signature, ...(changes.detached === true ? {} : { payload }) });
    const headers = new Map([['content-type', 'application/cose']]);
    const finding = authenticateSignedBody({ request: requestOf({ body, headers }), transaction, nowSeconds }, 'user');
    return 'failure' in finding ? finding.failure : refusalOf(finding);
  }
});

describe('policies that must all hold', () => {
  it('hand on what the caller signed, and none is a policy of its own', () => {
    const transaction = new MemoryTransaction();
    assert.deepEqual(authenticate([], { request: requestOf({}), transaction, nowSeconds }), { caller: null });
    const found = authenticate([{ allOf: ['no_auth'] }], { request: requestOf({}), transaction, nowSeconds });
    assert.deepEqual(found, { caller: { no_auth: { policy: 'no_auth' }, policy: ['no_auth'] } });
  });

  it('hand on a signed body whichever policy comes after it', () => {
    const id = partyId(member.certificate);
    const transaction = new MemoryTransaction();
    transaction.map('public:ccf.gov.members.certs').set(utf8(id), utf8(member.certificate));
    const payload = utf8('content');
    const protectedBytes = coseProtectedHeader({ algorithm: 'ES384', kid: utf8(id) });
    const input = coseSigningInput({ protectedBytes, payload });
    const { privateKey: key } = member;
    const signature = new Uint8Array(sign('sha384', input, { key, dsaEncoding: 'ieee-p1363' }));
    const body = writeCoseSign1({ protectedBytes, payload, signature });
    const request = requestOf({ body, headers: new Map([['content-type', 'application/cose']]) });
    // In the order of their names, each before and after the one with the body.
    for (const allOf of [['member_cose_sign1'], ['no_auth', 'member_cose_sign1']] as const) {
      const found = authenticate([{ allOf }], { request, transaction, nowSeconds });
      assert.deepEqual('content' in found ? found.content : undefined, payload);
    }
    const certificate = derOf(stranger.certificate);
    const both = [{ allOf: ['any_cert', 'member_cose_sign1'] as const }];
    const found = authenticate(both, { request: { ...request, certificate }, transaction, nowSeconds });
    assert.deepEqual('content' in found ? found.content : undefined, payload);
  });

  it('are refused with a code for each', () => {
    const found = authenticate(['jwt'], { request: requestOf({}), transaction: new MemoryTransaction(), nowSeconds });
    assert.ok('status' in found);
    assert.match(decodeUtf8(found.body), /"auth_policy":"jwt","code":"InvalidAuthenticationInfo"/);
  });
});
