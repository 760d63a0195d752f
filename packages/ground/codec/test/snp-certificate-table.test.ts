import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isEnclosError } from '@enclos/errors';
import fc from 'fast-check';
import { concatBytes, fromHex, parseSnpCertificateTable } from '../src/index.ts';
import { certificateTable } from './certificate-table.ts';

const vcek = '63da758d-e664-4564-adc5-f4b93be8accd';
const ask = '4ab7b379-bbac-4fe4-a02f-05aef327c782';
const content = Uint8Array.of(1, 2, 3);

const isCodecError = (error: unknown): boolean => isEnclosError(error, 'CODEC_INVALID');

describe('the certificate table of a host', () => {
  test('gives the certificates by their kind', () => {
    const table = certificateTable([
      { guid: vcek, content },
      { guid: '00112233-4455-6677-8899-aabbccddeeff', content: Uint8Array.of(9) },
    ]);
    assert.deepEqual(parseSnpCertificateTable(table), [
      { kind: 'vcek', guid: vcek, content },
      { kind: 'other', guid: '00112233-4455-6677-8899-aabbccddeeff', content: Uint8Array.of(9) },
    ]);
  });

  test('has its GUIDs in the order of their text', () => {
    // The first bytes of a table of a real host with a VCEK.
    const [found] = parseSnpCertificateTable(
      concatBytes(
        fromHex('63da758de6644564adc5f4b93be8accd'),
        Uint8Array.of(48, 0, 0, 0, 1, 0, 0, 0),
        new Uint8Array(24),
        Uint8Array.of(7),
      ),
    );
    assert.equal(found?.kind, 'vcek');
  });

  test('may be empty, and may be followed by room', () => {
    assert.deepEqual(parseSnpCertificateTable(new Uint8Array()), []);
    assert.deepEqual(parseSnpCertificateTable(new Uint8Array(4096)), []);
    const padded = concatBytes(certificateTable([{ guid: vcek, content }]), new Uint8Array(4000));
    assert.deepEqual(parseSnpCertificateTable(padded)[0]?.content, content);
  });

  const changed = (change: (view: DataView) => void): Uint8Array => {
    const table = certificateTable([
      { guid: vcek, content },
      { guid: ask, content },
    ]);
    change(new DataView(table.buffer));
    return table;
  };
  const refused: readonly [what: string, table: Uint8Array][] = [
    ['without a last entry', certificateTable([{ guid: vcek, content }]).slice(0, 24)],
    ['with half of an entry', new Uint8Array(23).fill(1)],
    ['with a last entry that is not empty', changed((view) => view.setUint32(2 * 24 + 16, 1, true))],
    ['with the same GUID twice', certificateTable([vcek, vcek].map((guid) => ({ guid, content })))],
    ['with a certificate over the entries', changed((view) => view.setUint32(16, 71, true))],
    ['with a certificate that ends after the table', changed((view) => view.setUint32(20, 100, true))],
    ['with an offset after the end', changed((view) => view.setUint32(16, 0xffff_ffff, true))],
    ['with an empty certificate', changed((view) => view.setUint32(20, 0, true))],
    ['with a certificate that is too long', changed((view) => view.setUint32(20, 65_537, true))],
    [
      'of too many entries',
      certificateTable(
        Array.from({ length: 33 }, (_, i) => ({
          guid: `00000000-0000-0000-0000-0000000001${String(i).padStart(2, '0')}`,
          content,
        })),
      ),
    ],
  ];
  for (const [what, table] of refused) {
    test(`${what} is refused`, () => {
      assert.throws(() => parseSnpCertificateTable(table), isCodecError);
    });
  }

  test('whatever the bytes are, certificates come out or a refusal', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          for (const each of parseSnpCertificateTable(bytes)) assert.ok(each.content.length <= bytes.length);
        } catch (error) {
          assert.ok(isCodecError(error), String(error));
        }
      }),
    );
  });

  test('comes back as it was made', () => {
    const guid = fc.uuid().filter((text) => !text.startsWith('00000000'));
    const entries = fc.uniqueArray(
      fc.record({ guid, content: fc.uint8Array({ minLength: 1, maxLength: 64 }) }, { noNullPrototype: true }),
      {
        maxLength: 8,
        selector: (entry) => entry.guid,
      },
    );
    fc.assert(
      fc.property(entries, (made) => {
        const found = parseSnpCertificateTable(certificateTable(made));
        assert.deepEqual(
          found.map((entry) => ({ guid: entry.guid, content: entry.content })),
          made,
        );
      }),
    );
  });
});
