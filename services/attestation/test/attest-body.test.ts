import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { readAttestBody } from '../src/routes/attest-body.ts';
import { toldOf } from './errors.ts';
import type { AttestRequest } from '../src/attest/attest-request.ts';
import { b64url, permissive } from './jws.ts';

const maxBytes = 65_536;

function read(body: unknown, type: AttestRequest['type'] = 'SgxEnclave'): AttestRequest {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return readAttestBody(new Uint8Array(Buffer.from(text)), { type, maxBytes });
}

function refuses(body: unknown, type?: AttestRequest['type']): void {
  assert.throws(
    () => read(body, type),
    (error) => {
      const { code, status } = toldOf(error);
      assert.deepEqual([code, status], ['InvalidParameter', 400], JSON.stringify(body)?.slice(0, 80));
      return true;
    },
  );
}

describe('the body of an attest call', () => {
  const quote = b64url('quote');

  it('is read whole', () => {
    const body = {
      quote,
      runtimeData: { data: b64url('{"a":1}'), dataType: 'JSON' },
      initTimeData: { data: b64url('init'), dataType: 'Binary' },
      nonce: 'once',
      draftPolicyForAttestation: permissive,
    };
    assert.deepEqual(read(body), {
      type: 'SgxEnclave',
      evidence: new Uint8Array(Buffer.from('quote')),
      runtimeData: { data: new Uint8Array(Buffer.from('{"a":1}')), type: 'JSON' },
      initTimeData: { data: new Uint8Array(Buffer.from('init')), type: 'Binary' },
      nonce: 'once',
      draftPolicy: permissive,
    });
  });

  it('shares no memory with what was read: the evidence is verified where it is', () => {
    const bytes = new Uint8Array(Buffer.from(JSON.stringify({ quote, runtimeData: { data: quote } })));
    const { evidence, runtimeData } = readAttestBody(bytes, { type: 'SgxEnclave', maxBytes });
    bytes.fill(0);
    assert.deepEqual(Buffer.from(evidence).toString(), 'quote');
    assert.ok(evidence.buffer !== bytes.buffer && evidence.buffer !== runtimeData?.data.buffer);
    assert.equal(evidence.buffer.byteLength, evidence.length);
  });

  it('keeps data of any bytes, with padding or without', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.uint8Array({ minLength: 1 }), fc.boolean(), (data, evidence, padded) => {
        const encode = (bytes: Uint8Array): string => {
          const text = b64url(bytes);
          return padded ? text.padEnd(Math.ceil(text.length / 4) * 4, '=') : text;
        };
        const found = read({ quote: encode(evidence), runtimeData: { data: encode(data) } });
        assert.deepEqual([found.evidence, found.runtimeData], [evidence, { data, type: 'Binary' }]);
      }),
    );
  });

  it('may say null for what is absent', () => {
    const body = { quote, runtimeData: null, initTimeData: null, nonce: null, draftPolicyForAttestation: null };
    assert.deepEqual(Object.keys(read(body)), ['type', 'evidence']);
  });

  it('is refused with members that are unknown, misspelled, or of another type', () => {
    refuses({ quote, runtimedata: { data: quote } });
    refuses({ quote, Quote: quote });
    refuses({ quote, report: quote });
    refuses({ quote, runtimeData: { data: quote, datatype: 'JSON' } });
    refuses({ quote, draftPolicyForAttestation: permissive }, 'TdxVm');
    refuses({ quote, constructor: 1 });
    refuses(`{"quote":"${quote}","__proto__":{}}`);
  });

  it('is refused for more values than it can have, before any of them is made', () => {
    const whole =
      '{"quote":"","runtimeData":{"data":"","dataType":""},"initTimeData":{"data":"","dataType":""},"nonce":""';
    assert.throws(() => read(`!${whole},"draftPolicyForAttestation":""}`), { message: /expected a JSON value/ });
    for (const flood of [`!${whole},"a":1,"b":2}`, `!${'{},'.repeat(9)}{}`, `!{${'"a":1,'.repeat(10)}`]) {
      assert.throws(
        () => read(flood),
        (error) => {
          const { code, status, message } = toldOf(error);
          assert.deepEqual([code, status], ['InvalidParameter', 400]);
          assert.match(message, /values/);
          return true;
        },
      );
    }
  });

  it('is refused when a name comes twice', () => {
    refuses(`{"quote":"${quote}","quote":"${quote}"}`);
    refuses(`{"quote":"${quote}","runtimeData":{"data":"AAAA","data":"BBBB"}}`);
    refuses(`{"quote":"${quote}","\\u0071uote":"${quote}"}`);
  });

  it('is refused with values of another kind', () => {
    for (const value of [7, true, [], {}, ['a']]) {
      refuses({ quote: value });
      refuses({ quote, nonce: value });
      refuses({ quote, draftPolicyForAttestation: value });
      refuses({ quote, runtimeData: { data: value } });
    }
    for (const data of [[], 'AAAA', 7, {}, { dataType: 'JSON' }]) refuses({ quote, runtimeData: data });
    for (const dataType of ['json', 'binary', 'Text', '', 'toString']) {
      refuses({ quote, runtimeData: { data: quote, dataType } });
    }
  });

  it('is refused when bytes are not base64url', () => {
    for (const text of ['A', 'AB', '+w', 'AA==A', 'AA=', '====', 'AAAA====', 'A A', 'AAA\n', 'ä', '']) {
      refuses({ quote: text });
      if (text !== '') refuses({ quote, runtimeData: { data: text } });
    }
  });

  it('is refused when it is no JSON, too deep or too large', () => {
    for (const text of [
      '',
      ' ',
      'null',
      '[]',
      '"x"',
      '{',
      '{}x',
      "{'quote':1}",
      '{"quote":NaN}',
      '['.repeat(100_000),
    ]) {
      refuses(text);
    }
    refuses({ quote: 'A'.repeat(maxBytes) });
    refuses({ quote, nonce: 'x'.repeat(4097) });
    assert.throws(
      () => readAttestBody(Uint8Array.of(0x7b, 0xff, 0x7d), { type: 'TdxVm', maxBytes }),
      (error) => toldOf(error).code === 'InvalidParameter',
    );
  });

  it('is read or refused, and nothing else, whatever comes', () => {
    const value = fc.letrec((tie) => ({
      any: fc.oneof(fc.string(), fc.integer(), fc.constant(null), fc.boolean(), tie('object')),
      object: fc.dictionary(fc.constantFrom('quote', 'runtimeData', 'data', 'dataType', 'nonce', 'x'), tie('any')),
    })).object;
    fc.assert(
      fc.property(
        fc.oneof(
          value.map((one) => JSON.stringify(one)),
          fc.string(),
        ),
        (text) => {
          try {
            read(text);
          } catch (error) {
            const { code, message } = toldOf(error);
            assert.equal(code, 'InvalidParameter');
            assert.match(message, /^[\x20-\x7e]*$/);
          }
        },
      ),
    );
  });
});
