import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { IssuerKeys, readKeySet } from '@enclos/service/auth';
import { ecKey, makeCertificate, rsaKey } from './certificates.ts';
import { bearer, createSite, managementIssuer, audience, managementKeys, managementToken, tenantFile } from './site.ts';

const jwk = (kid: string): object => ({ ...ecKey().publicKey.export({ format: 'jwk' }), kid });
const hour = 3_600_000;

interface Issuer {
  readonly keys: IssuerKeys;
  nowMs: number;
  text: string;
  fails: boolean;
  fetched: number;
}

function createIssuer(...kids: readonly string[]): Issuer {
  const issuer: Issuer = {
    nowMs: 0,
    text: JSON.stringify({ keys: kids.map(jwk) }),
    fails: false,
    fetched: 0,
    keys: new IssuerKeys({
      fetch: () => {
        issuer.fetched += 1;
        return issuer.fails ? Promise.reject(new Error('down')) : Promise.resolve(issuer.text);
      },
      elapsed: () => issuer.nowMs,
    }),
  };
  return issuer;
}

describe('keys of an issuer', () => {
  it('are fetched once and kept', async () => {
    const issuer = createIssuer('a');
    const found = await Promise.all([issuer.keys.find('a'), issuer.keys.find('a'), issuer.keys.find('a')]);
    assert.ok(found.every((key) => key !== undefined));
    issuer.nowMs = hour;
    await issuer.keys.find('a');
    assert.equal(issuer.fetched, 1);
  });

  it('are fetched anew for an unknown id, and not again within the cooldown', async () => {
    const issuer = createIssuer('a');
    await issuer.keys.find('a');
    issuer.text = JSON.stringify({ keys: [jwk('b')] });
    issuer.nowMs = 29_999;
    for (let i = 0; i < 100; i++) assert.equal(await issuer.keys.find(`unknown-${i}`), undefined);
    assert.equal(issuer.fetched, 1);
    issuer.nowMs = 30_000;
    assert.notEqual(await issuer.keys.find('b'), undefined);
    assert.equal(await issuer.keys.find('a'), undefined, 'what the issuer took back');
    assert.equal(issuer.fetched, 2);
  });

  it('serve while the issuer is down, and not for ever', async () => {
    const issuer = createIssuer('a');
    await issuer.keys.find('a');
    issuer.fails = true;
    for (issuer.nowMs = hour + 1; issuer.nowMs <= 24 * hour; issuer.nowMs += hour) {
      assert.notEqual(await issuer.keys.find('a'), undefined);
    }
    issuer.nowMs = 24 * hour + 1;
    await assert.rejects(issuer.keys.find('a'), { code: 'SERVICE_ISSUER_UNREACHABLE', kind: 'transient' });
    issuer.fails = false;
    issuer.nowMs += 30_000;
    assert.notEqual(await issuer.keys.find('a'), undefined);
  });

  it('are refreshed when they are old, without anybody waiting', async () => {
    const issuer = createIssuer('a');
    await issuer.keys.find('a');
    issuer.nowMs = hour + 1;
    assert.notEqual(await issuer.keys.find('a'), undefined);
    assert.equal(issuer.fetched, 2);
  });

  it('stay what they are when the issuer answers nonsense', async () => {
    for (const text of ['', '{"keys":{}}', '{"keys":[],"keys":[]}', 'x'.repeat(300_000)]) {
      const issuer = createIssuer('a');
      await issuer.keys.find('a');
      issuer.text = text;
      issuer.nowMs = 31_000;
      assert.equal(await issuer.keys.find('b'), undefined);
      assert.notEqual(await issuer.keys.find('a'), undefined);
    }
  });
});

describe('a key set', () => {
  const rsa = rsaKey();
  const good = { ...rsa.publicKey.export({ format: 'jwk' }), kid: 'good' };

  it('has the public keys that verify signatures, and leaves the others out', () => {
    const others = [
      { kty: 'oct', k: 'AAAA', kid: 'secret' },
      { ...rsaKey(1024).publicKey.export({ format: 'jwk' }), kid: 'short' },
      { ...good, kid: 'encrypts', use: 'enc' },
      { ...good, kid: undefined },
      { ...good, kid: '' },
      { ...good, kid: 'exponent', e: 'AQ' },
      { kty: 'RSA', kid: 'empty' },
      { kty: 'EC', crv: 'P-256', x: 'AAAA', y: 'AAAA', kid: 'off the curve' },
      { kty: 'OKP', crv: 'Ed25519', x: 'AAAA', kid: 'edwards' },
      { ...ecKey('secp256k1').publicKey.export({ format: 'jwk' }), kid: 'koblitz' },
      { ...good, kid: 'operations', key_ops: ['encrypt'] },
      { ...good, kid: 'algorithm', alg: 1 },
      { ...good, kid: 'padded', n: `${String(good.n)}==` },
      { ...good, kid: 'x'.repeat(513) },
    ];
    assert.deepEqual([...readKeySet(JSON.stringify({ keys: [good, ...others] })).keys()], ['good']);
  });

  it('never makes a private key of one that was published by mistake', () => {
    const set = readKeySet(JSON.stringify({ keys: [{ ...rsa.privateKey.export({ format: 'jwk' }), kid: 'leaked' }] }));
    assert.equal(set.get('leaked')?.key.key.type, 'public');
  });

  it('holds nothing but objects', () => {
    for (const other of ['no object', null, 1]) {
      assert.throws(() => readKeySet(JSON.stringify({ keys: [good, other] })), { code: 'CODEC_INVALID' });
    }
  });

  it('has each id once, whatever the keys are for', () => {
    const twin = { ...good, use: 'enc' };
    assert.throws(() => readKeySet(JSON.stringify({ keys: [good, twin] })), { code: 'CODEC_INVALID' });
  });

  it('has each id once', () => {
    assert.throws(() => readKeySet(JSON.stringify({ keys: [good, good] })), { code: 'CODEC_INVALID' });
  });
});

describe('a tenant whose issuer is asked for its keys', () => {
  it('answers ServiceUnavailable while there are none, and then lets in', async () => {
    const root = makeCertificate({ key: rsaKey(), ca: true });
    let up = false;
    const asked: unknown[] = [];
    const site = createSite({
      file: tenantFile({
        management: { bearer: { issuer: managementIssuer, audience: [audience], certificateAuthorities: [root.pem] } },
      }),
      api: {
        fetchKeys: (issuer, options) => {
          asked.push([issuer, options]);
          return up ? Promise.resolve(JSON.stringify(managementKeys())) : Promise.reject(new Error('down'));
        },
      },
    });
    const get = () => site.send('GET', '/policies/TdxVm?api-version=2020-10-01', { headers: bearer() });
    const stranger = bearer(managementToken({ iss: 'https://stranger.example' }));
    await site.send('GET', '/policies/TdxVm?api-version=2020-10-01', { headers: stranger });
    assert.deepEqual(asked, [], 'a token of another issuer is no reason to ask');
    const answer = await get();
    assert.deepEqual([answer.status, answer.body.error?.code], [503, 'ServiceUnavailable']);
    assert.equal(answer.headers['retry-after'], '5');
    up = true;
    site.clock.nowMs += 30_000;
    assert.equal((await get()).status, 200);
    assert.deepEqual(asked[0], [managementIssuer, { certificateAuthorities: [root.pem] }]);
    assert.equal(asked.length, 2);
  });
});
