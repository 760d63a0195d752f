import assert from 'node:assert/strict';
import { createSign, sign, webcrypto } from 'node:crypto';
import { describe, it } from 'node:test';
import { isEnclosError } from '@enclos/errors';
import fc from 'fast-check';
import { compactVerify, CompactSign } from 'jose';
import { publicKeyOfJwk, publicKeyOfSpki, readCompactJws, verifyJws, type PublicKey } from '../src/index.ts';
import { nodePublicKeyOf, verifyJwsSync } from '../src/node/index.ts';
import { b64url, ecKey, rsaKey, type KeyPair } from './keys.ts';

const rsa = rsaKey();
const keys = {
  RS256: rsa,
  RS384: rsa,
  RS512: rsa,
  PS256: rsa,
  PS384: rsa,
  PS512: rsa,
  ES256: ecKey('P-256'),
  ES384: ecKey('P-384'),
  ES512: ecKey('P-521'),
} as const;
const algorithms = Object.keys(keys) as (keyof typeof keys)[];
const maxLength = 10_000;

const publicKeyOf = ({ publicKey }: KeyPair): PublicKey =>
  publicKeyOfSpki(new Uint8Array(publicKey.export({ type: 'spki', format: 'der' })));
const publicKeys = Object.fromEntries(algorithms.map((alg) => [alg, publicKeyOf(keys[alg])] as const)) as Readonly<
  Record<keyof typeof keys, PublicKey>
>;

/** By both drivers, which must agree. */
async function isGood(text: string, alg: keyof typeof keys): Promise<boolean> {
  try {
    const jws = readCompactJws(text, { maxLength });
    const good = verifyJwsSync(jws, nodePublicKeyOf(publicKeys[alg]));
    assert.equal((await verifyJws(jws, publicKeys[alg], webcrypto.subtle)) === undefined, good, 'the drivers differ');
    return good;
  } catch (error) {
    if (isEnclosError(error)) return false;
    throw error;
  }
}

async function isGoodForJose(text: string, alg: keyof typeof keys): Promise<boolean> {
  return compactVerify(text, keys[alg].publicKey, { algorithms }).then(
    () => true,
    () => false,
  );
}

describe('the reader of signatures, beside jose', () => {
  it('takes what jose signs, with each algorithm', async () => {
    const property = fc.asyncProperty(
      fc.constantFrom(...algorithms),
      fc.uint8Array({ minLength: 1 }),
      async (alg, payload) => {
        const text = await new CompactSign(payload).setProtectedHeader({ alg, typ: 'JWT' }).sign(keys[alg].privateKey);
        assert.ok(await isGood(text, alg));
        assert.deepEqual(readCompactJws(text, { maxLength }).payload, payload);
      },
    );
    await fc.assert(property, { numRuns: 60 });
  });

  it('refuses a header with many values before it makes them', (context) => {
    const withList = (length: number): string => {
      const header = JSON.stringify({ alg: 'RS256', x5c: Array.from({ length }, () => ({})) });
      return [b64url(header), b64url('{}'), b64url('signature')].join('.');
    };
    assert.ok(readCompactJws(withList(20), { maxLength: 65_536 }));
    const made = context.mock.method(Map.prototype, 'set');
    assert.throws(() => readCompactJws(withList(3000), { maxLength: 65_536 }), /over 64 values/);
    assert.equal(made.mock.callCount(), 0);
  });

  it('takes nothing that jose refuses, of texts that differ in one character', async () => {
    const texts = new Map<string, string>();
    for (const alg of algorithms) {
      const signed = new CompactSign(Buffer.from('{"a":1}')).setProtectedHeader({ alg, kid: 'k' });
      texts.set(alg, await signed.sign(keys[alg].privateKey));
    }
    const change = fc.record({ at: fc.nat(), with: fc.constantFrom(...'Aa0-_=.+ '.split(''), '\u00e9', '') });
    let taken = 0;
    const property = fc.asyncProperty(fc.constantFrom(...algorithms), change, async (alg, { at, with: by }) => {
      const text = texts.get(alg) ?? '';
      const i = at % text.length;
      const changed = text.slice(0, i) + by + text.slice(i + 1);
      const good = await isGood(changed, alg);
      if (changed === text) assert.ok(good);
      else assert.equal(good, false, 'one text for each signature');
      if (good) taken += 1;
      assert.ok(!good || (await isGoodForJose(changed, alg)));
    });
    await fc.assert(property, { numRuns: 400 });
    assert.ok(taken < 40);
  });

  it('takes no signature under the name of another algorithm', async () => {
    for (const alg of algorithms) {
      const text = await new CompactSign(Buffer.from('x')).setProtectedHeader({ alg }).sign(keys[alg].privateKey);
      const [, payload = '', signature = ''] = text.split('.');
      for (const other of ['none', 'HS256', ...algorithms.filter((one) => one !== alg)]) {
        assert.equal(
          await isGood(`${b64url({ alg: other })}.${payload}.${signature}`, alg),
          false,
          `${alg} as ${other}`,
        );
      }
    }
  });

  it('takes no ECDSA signature in DER', async () => {
    const input = `${b64url({ alg: 'ES256' })}.${b64url('x')}`;
    const der = createSign('sha256').update(input).sign(keys.ES256.privateKey);
    assert.equal(await isGood(`${input}.${b64url(new Uint8Array(der))}`, 'ES256'), false);
  });
});

describe('the reader of compact JWS', () => {
  const read = (text: string): unknown => readCompactJws(text, { maxLength });

  it('throws nothing but errors of the codec, whatever comes', () => {
    const part = fc.oneof(fc.string(), fc.base64String(), fc.json().map(b64url));
    fc.assert(
      fc.property(fc.array(part, { maxLength: 5 }), (parts) => {
        try {
          read(parts.join('.'));
        } catch (error) {
          assert.ok(isEnclosError(error) && error.code.startsWith('CODEC_'), String(error));
        }
      }),
    );
  });

  it('wants three parts, and a signature exactly where alg tells of one', () => {
    const none = b64url({ alg: 'none' });
    assert.doesNotThrow(() => read(`${none}..`));
    for (const text of [
      '',
      '.',
      '..',
      none,
      `${none}.`,
      `${none}...`,
      `${none}..A`,
      `${none}..AAAA`,
      `${b64url({ alg: 'RS256' })}..`,
    ]) {
      assert.throws(() => read(text), /JWS|base64url|JSON/, text);
    }
  });

  it('refuses headers with two meanings', () => {
    for (const header of [
      '{"alg":"RS256","alg":"none"}',
      '[]',
      '"none"',
      '{"alg":["none"]}',
      '{"alg":null}',
      '{}',
      '\ufeff{"alg":"none"}',
    ]) {
      assert.throws(() => read(`${b64url(header)}..`), { name: 'EnclosError' }, header);
    }
    assert.throws(() => read(`${b64url(Uint8Array.of(0x7b, 0xff, 0x7d))}..`), { code: 'CODEC_INVALID' });
  });

  it('keeps to its bounds before it decodes anything', () => {
    assert.throws(() => readCompactJws('.'.repeat(11), { maxLength: 10 }), { code: 'CODEC_OUT_OF_RANGE' });
    const header = b64url({ alg: 'none', padding: 'x'.repeat(65_536) });
    assert.throws(() => readCompactJws(`${header}..`, { maxLength: 1_000_000 }), { code: 'CODEC_OUT_OF_RANGE' });
    const signature = 'A'.repeat(1400);
    assert.throws(() => read(`${b64url({ alg: 'RS256' })}..${signature}`), { code: 'CODEC_OUT_OF_RANGE' });
  });
});

describe('keys', () => {
  it('that verify are public ones', () => {
    const input = `${b64url({ alg: 'RS256' })}.${b64url('x')}`;
    const signature = sign('sha256', Buffer.from(input), rsa.privateKey);
    const jws = readCompactJws(`${input}.${b64url(new Uint8Array(signature))}`, { maxLength });
    const fromPrivate = publicKeyOfJwk({ ...rsa.privateKey.export({ format: 'jwk' }) } as Record<string, string>);
    assert.ok(fromPrivate !== undefined);
    const key = nodePublicKeyOf(fromPrivate);
    assert.equal(key.key.type, 'public');
    assert.equal(verifyJwsSync(jws, key), true);
    assert.throws(() => publicKeyOfJwk({ kty: 'oct', k: b64url('x') }), { code: 'CODEC_INVALID' });
  });
});

/** Each of these passed one of the two readers that stood before this one. */
describe('what one of two readers once took', () => {
  const good = b64url({ alg: 'RS256' });
  const refusals: readonly (readonly [what: string, rule: string, text: string])[] = [
    ['a key in the header', 'key-location', `${b64url({ alg: 'RS256', jwk: {} })}.e30.AA`],
    ['a URL of certificates', 'key-location', `${b64url({ alg: 'RS256', x5u: 'https://a.test' })}.e30.AA`],
    ['an unencoded payload', 'critical-header', `${b64url({ alg: 'RS256', b64: false })}.e30.AA`],
    ['a compressed payload', 'critical-header', `${b64url({ alg: 'RS256', zip: 'DEF' })}.e30.AA`],
    ['a critical extension', 'critical-header', `${b64url({ alg: 'RS256', crit: [] })}.e30.AA`],
    ['no algorithm', 'algorithm', `${b64url({ kid: 'k' })}.e30.AA`],
    ['an algorithm that is not known', 'algorithm', `${b64url({ alg: 'HS256' })}.e30.AA`],
    ['none in another case', 'algorithm', `${b64url({ alg: 'None' })}.e30.`],
    ['a method of objects as an algorithm', 'algorithm', `${b64url({ alg: 'constructor' })}.e30.AA`],
    ['no signature', 'signature', `${good}.e30.`],
    ['a signature beside none', 'algorithm', `${b64url({ alg: 'none' })}.e30.AA`],
    ['a header of 33,000 bytes', 'form', `${b64url({ alg: 'RS256', x: 'x'.repeat(33_000) })}.e30.AA`],
    ['a header of 65 values', 'form', `${b64url({ alg: 'RS256', x: Array.from({ length: 65 }, () => 1) })}.e30.AA`],
    ['a text that is too long', 'size', `${good}.${'A'.repeat(100_000)}.AA`],
    ['four parts', 'form', `${good}.e30.AA.AA`],
    ['an empty header', 'form', '.e30.AA'],
    ['bits after the last byte', 'form', `${good}.e30.AB`],
  ];
  for (const [what, rule, text] of refusals) {
    it(`is refused (${rule}): ${what}`, () => {
      assert.throws(
        () => readCompactJws(text, { maxLength: 90_000 }),
        (error) => isEnclosError(error) && error.code.startsWith('CODEC_') && error.details['rule'] === rule,
      );
    });
  }
});
