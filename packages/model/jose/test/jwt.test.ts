import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toBase64url, utf8 } from '@enclos/codec';
import { isJsonObject } from '@enclos/codec/json';
import { isEnclosError } from '@enclos/errors';
import fc from 'fast-check';
import { compactJws, jwsSigningInput, readCompactJws, readJwt, unsignedJws } from '../src/index.ts';

const maxLength = 100_000;
const object = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 }), { maxKeys: 6 });
/** Few enough values for a header. */
const others = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 1 }), { maxKeys: 3 });
const encode = (value: unknown): string => toBase64url(utf8(JSON.stringify(value)));

function isForm(error: unknown): boolean {
  if (!isEnclosError(error)) throw error;
  return error.code.startsWith('CODEC_') && error.details['rule'] === 'form';
}

test('a JWT is read as it was written', () => {
  fc.assert(
    fc.property(others, object, fc.uint8Array({ minLength: 1, maxLength: 64 }), (members, claims, signature) => {
      const header = { ...members, alg: 'RS256' };
      const input = jwsSigningInput(JSON.stringify(header), JSON.stringify(claims));
      const token = compactJws(input, signature);
      const read = readJwt(token, { maxLength });
      assert.equal(JSON.stringify(read.header), JSON.stringify(JSON.parse(JSON.stringify(header))));
      assert.equal(JSON.stringify(read.claims), JSON.stringify(JSON.parse(JSON.stringify(claims))));
      assert.deepEqual(read.signature, signature);
      assert.deepEqual(read.signingInput, utf8(input));
      assert.equal(token, `${encode(header)}.${encode(claims)}.${toBase64url(signature)}`);
    }),
  );
});

test('an unsigned JWS is read as it was written, also without a payload', () => {
  for (const payload of ['', '{"a":1}']) {
    const read = readCompactJws(unsignedJws(payload), { maxLength });
    assert.deepEqual([read.algorithm, read.payload, read.signature.length], ['none', utf8(payload), 0]);
  }
});

test('what is read has one text only: no other text gives the same bytes', () => {
  const token = `${encode({ alg: 'RS256' })}.${encode({ a: 1 })}.AQI`;
  fc.assert(
    fc.property(
      fc.nat(token.length - 1),
      fc.constantFrom('A', 'Q', 'g', 'w', '-', '_', '.', '=', '+', '/', ' ', '\n'),
      (at, character) => {
        const other = token.slice(0, at) + character + token.slice(at + 1);
        if (other === token) return;
        let read;
        try {
          read = readJwt(other, { maxLength });
        } catch (error) {
          if (!isEnclosError(error)) throw error;
          assert.ok(['form', 'algorithm', 'signature'].includes(String(error.details['rule'])), String(error));
          return;
        }
        const again = `${new TextDecoder().decode(read.signingInput)}.${toBase64url(read.signature)}`;
        assert.equal(again, other);
      },
    ),
    { numRuns: 500 },
  );
});

test('any text is read or refused', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.stringMatching(/^[A-Za-z0-9_-]{0,40}(\.[A-Za-z0-9_-]{0,40}){0,4}$/),
  );
  fc.assert(
    fc.property(text, (token) => {
      try {
        assert.ok(isJsonObject(readJwt(token, { maxLength }).claims));
      } catch (error) {
        assert.ok(isEnclosError(error) && error.code.startsWith('CODEC_'), String(error));
      }
    }),
  );
});

test('claims are a JSON object with each member once', () => {
  const header = encode({ alg: 'RS256' });
  for (const claims of ['', '[]', '"a"', 'null', '{"a":1,"a":2}', '{"a":1,"\\u0061":2}', '\ufeff{}', '{}{}', '{']) {
    assert.throws(() => readJwt(`${header}.${toBase64url(utf8(claims))}.AA`, { maxLength }), isForm, claims);
  }
  const notUtf8 = toBase64url(Uint8Array.of(0x7b, 0xff, 0x7d));
  assert.throws(() => readJwt(`${header}.${notUtf8}.AA`, { maxLength }), isForm);
});
