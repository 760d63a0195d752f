import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { concatBytes, utf8 } from '@enclos/codec';
import type { AttestRequest } from '../../src/attest/attest-request.ts';
import { asJson, binary, claimsOf, hashOf, json, refusalOf, softwareSite, type SoftwareSite } from './scene.ts';

type Kind = 'sgx-v3' | 'tdx-v4';

/** A platform whose evidence binds the data at run time and at init time. */
function bound(kind: Kind, runtime: Uint8Array, init = utf8('init')): Promise<SoftwareSite> {
  return kind === 'sgx-v3'
    ? softwareSite({ kind, report: { reportData: hashOf(runtime), configId: hashOf(init) } })
    : softwareSite({ kind, td: { reportData: hashOf(runtime), mrConfigId: hashOf(init, 48) } });
}

for (const kind of ['sgx-v3', 'tdx-v4'] as const) {
  describe(kind, () => {
    test('data whose hash is not in the evidence is refused, and so is data for the other place', async () => {
      const where = await bound(kind, utf8('runtime'));
      const { request } = where;
      const good: AttestRequest = {
        ...request,
        runtimeData: binary(utf8('runtime')),
        initTimeData: binary(utf8('init')),
      };
      await claimsOf(good, where);
      for (const [wrong, rule] of [
        [{ runtimeData: binary(utf8('Runtime')) }, 'runtimeData-hash'],
        [{ runtimeData: binary(utf8('init')) }, 'runtimeData-hash'],
        [{ runtimeData: binary(new Uint8Array()) }, 'runtimeData-hash'],
        [{ initTimeData: binary(utf8('runtime')) }, 'initTimeData-hash'],
        [{ runtimeData: binary(new Uint8Array(131_073)) }, 'runtimeData-format'],
      ] as const) {
        assert.equal(await refusalOf({ ...good, ...wrong }, where), `400 InvalidParameter ${rule}`);
      }
    });

    test('the second half of the field is not compared, and the token shows it', async () => {
      const data = utf8('runtime');
      const field = hashOf(data);
      field.fill(0xab, 32);
      const where =
        kind === 'sgx-v3'
          ? await softwareSite({ kind, report: { reportData: field } })
          : await softwareSite({ kind, td: { reportData: field } });
      const claims = await claimsOf({ ...where.request, runtimeData: binary(data) }, where);
      const shown = claims[kind === 'sgx-v3' ? 'x-ms-sgx-report-data' : 'tdx_report_data'];
      assert.equal(shown, Buffer.from(field).toString('hex'));
    });

    test('JSON is an object, read strictly; zero bytes behind it are hashed and not read', async () => {
      for (const end of ['', '\0', '\0\0\0']) {
        const data = concatBytes(json({ b: 1, a: [true, null, 0.5], é: '\u{1f600}' }), utf8(end));
        const where = await bound(kind, data);
        const claims = await claimsOf({ ...where.request, runtimeData: asJson(data) }, where);
        assert.deepEqual(claims['x-ms-runtime'], { a: [true, null, 0.5], b: 1, é: '\u{1f600}' });
      }
      for (const text of [
        '[]',
        '1',
        '"x"',
        'null',
        '',
        '\0',
        '{"a":1,"a":2}',
        '{"b":{"a":1,"\\u0061":2}}',
        '{"a":1}x',
        '{"a":1}\0x',
        '\0{"a":1}',
        '{"a":"\\ud800"}',
        '{"a":9007199254740993}',
        '{"a":[1e300]}',
        `${'{"a":'.repeat(40)}1${'}'.repeat(40)}`,
      ]) {
        const data = utf8(text);
        const where = await bound(kind, data);
        const refusal = await refusalOf({ ...where.request, runtimeData: asJson(data) }, where);
        assert.equal(refusal, '400 InvalidParameter runtimeData-format', text);
      }
      const notText = Uint8Array.of(0x7b, 0xff, 0x7d);
      const where = await bound(kind, notText);
      assert.equal(
        await refusalOf({ ...where.request, runtimeData: asJson(notText) }, where),
        '400 InvalidParameter runtimeData-format',
      );
    });

    test('names that are special to JavaScript are names', async () => {
      const data = utf8('{"__proto__":{"x":1},"constructor":2,"toString":3}');
      const where = await bound(kind, data);
      const claims = await claimsOf({ ...where.request, runtimeData: asJson(data) }, where);
      assert.equal(JSON.stringify(claims['x-ms-runtime']), '{"__proto__":{"x":1},"constructor":2,"toString":3}');
    });
  });
}

test('a nonce is echoed, and one that is too long or no text is refused', async () => {
  const where = await softwareSite();
  assert.equal((await claimsOf({ ...where.request, nonce: 'n\u0000 "x"' }, where))['nonce'], 'n\u0000 "x"');
  for (const nonce of ['x'.repeat(4097), '\ud800']) {
    assert.equal(await refusalOf({ ...where.request, nonce }, where), '400 InvalidParameter nonce');
  }
});

test('JSON of zero bytes before another character costs no more than its length', { timeout: 20_000 }, async () => {
  const data = new Uint8Array(131_072);
  data[data.length - 1] = 0x78;
  const where = await bound('sgx-v3', data);
  const refusal = await refusalOf({ ...where.request, runtimeData: { data, type: 'JSON' } }, where);
  assert.equal(refusal, '400 InvalidParameter runtimeData-format');
});
