import assert from 'node:assert/strict';
import { createPublicKey, createSecretKey, createSign, sign } from 'node:crypto';
import { describe, it } from 'node:test';
import { isEnclosError } from '@enclos/errors';
import fc from 'fast-check';
import { compactVerify, CompactSign } from 'jose';
import { verifySignature, readCompactJws } from '@enclos/service/jose';
import { fromBase64 } from '@enclos/codec';
import { ecKey, rsaKey } from './certificates.ts';
import { b64url } from './jws.ts';

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
const maxBytes = 10_000;

function isGood(text: string, alg: keyof typeof keys): boolean {
  try {
    const { algorithm, signingInput: input, signature } = readCompactJws(text, { maxBytes });
    return verifySignature(algorithm, keys[alg].publicKey, { input, signature });
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
        assert.ok(isGood(text, alg));
        assert.deepEqual(readCompactJws(text, { maxBytes }).payload, payload);
      },
    );
    await fc.assert(property, { numRuns: 60 });
  });

  it('refuses a header with many values before it makes them', (context) => {
    const withList = (length: number): string => {
      const header = JSON.stringify({ alg: 'RS256', x5c: Array.from({ length }, () => ({})) });
      return [b64url(header), b64url('{}'), b64url('signature')].join('.');
    };
    assert.ok(readCompactJws(withList(20), { maxBytes: 65_536 }));
    const made = context.mock.method(Map.prototype, 'set');
    assert.throws(() => readCompactJws(withList(3000), { maxBytes: 65_536 }), /over 64 values/);
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
      const good = isGood(changed, alg);
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
        assert.equal(isGood(`${b64url({ alg: other })}.${payload}.${signature}`, alg), false, `${alg} as ${other}`);
      }
    }
  });

  it('takes no ECDSA signature in DER', () => {
    const input = `${b64url({ alg: 'ES256' })}.${b64url('x')}`;
    const der = createSign('sha256').update(input).sign(keys.ES256.privateKey);
    assert.equal(isGood(`${input}.${b64url(new Uint8Array(der))}`, 'ES256'), false);
  });
});

describe('the reader of compact JWS', () => {
  const read = (text: string): unknown => readCompactJws(text, { maxBytes });

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
    assert.throws(() => readCompactJws('.'.repeat(11), { maxBytes: 10 }), { code: 'CODEC_OUT_OF_RANGE' });
    const header = b64url({ alg: 'none', padding: 'x'.repeat(65_536) });
    assert.throws(() => readCompactJws(`${header}..`, { maxBytes: 1_000_000 }), { code: 'CODEC_OUT_OF_RANGE' });
    const signature = 'A'.repeat(1400);
    assert.throws(() => read(`${b64url({ alg: 'RS256' })}..${signature}`), { code: 'CODEC_OUT_OF_RANGE' });
  });
});

describe('keys', () => {
  it('that sign are public ones', () => {
    const input = Buffer.from('x');
    const signed = { input, signature: sign('sha256', input, rsa.privateKey) };
    assert.equal(verifySignature('RS256', createPublicKey(rsa.privateKey), signed), true);
    assert.equal(verifySignature('RS256', rsa.privateKey, signed), false);
    assert.equal(verifySignature('RS256', createSecretKey(input), signed), false);
  });
});

describe('base64 of certificates', () => {
  it('is padded, of its own alphabet, and has one spelling', () => {
    assert.deepEqual(fromBase64('/+8='), Uint8Array.of(0xff, 0xef));
    assert.deepEqual(fromBase64('AAAA'), new Uint8Array(3));
    for (const text of ['/+8', '_-8=', 'AA', '/+9=', 'AA=A', 'AAA==', ' AAA', 'AAA\n']) {
      assert.throws(() => fromBase64(text), { name: 'EnclosError' }, text);
    }
  });
});
