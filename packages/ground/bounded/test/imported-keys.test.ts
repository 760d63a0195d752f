import assert from 'node:assert/strict';
import { generateKeyPairSync, webcrypto } from 'node:crypto';
import { describe, it } from 'node:test';
import { importKeyOnce } from '../src/index.ts';

const spki = new Uint8Array(
  generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ type: 'spki', format: 'der' }),
);

/** An engine of its own, so that no other test has left keys in it. */
function engine(): { readonly subtle: Pick<webcrypto.SubtleCrypto, 'importKey'>; imports: number } {
  const counted = {
    imports: 0,
    subtle: {
      importKey: (...parameters: Parameters<webcrypto.SubtleCrypto['importKey']>) => {
        counted.imports++;
        return webcrypto.subtle.importKey(...parameters);
      },
    } as Pick<webcrypto.SubtleCrypto, 'importKey'>,
  };
  return counted;
}

function importSpki(
  id: string,
  { subtle }: ReturnType<typeof engine>,
  bytes = spki,
): Promise<webcrypto.CryptoKey | undefined> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256' };
  return importKeyOnce(id, subtle, () => subtle.importKey('spki', bytes, algorithm, false, ['verify']));
}

describe('keys that are imported', () => {
  it('are imported once for each engine and name, however many ask at once', async () => {
    const [one, another] = [engine(), engine()];
    const keys = await Promise.all([importSpki('a', one), importSpki('a', one), importSpki('b', one)]);
    assert.equal(one.imports, 2);
    assert.equal(keys[0], keys[1]);
    assert.notEqual(keys[0], keys[2]);
    await importSpki('a', another);
    assert.equal(another.imports, 1);
  });

  it('are not kept where the bytes are no key', async () => {
    const counted = engine();
    assert.equal(
      await importSpki(
        'bad',
        counted,
        spki.map((byte) => byte ^ 1),
      ),
      undefined,
    );
    assert.equal(
      await importSpki(
        'bad',
        counted,
        spki.map((byte) => byte ^ 1),
      ),
      undefined,
    );
    assert.equal(counted.imports, 2);
  });

  it('are bounded: the key that was used least recently goes', async () => {
    const counted = engine();
    for (let key = 0; key < 256; key++) await importSpki(`${key}`, counted);
    await importSpki('0', counted);
    await importSpki('one more', counted);
    assert.equal(counted.imports, 257);
    await importSpki('0', counted);
    assert.equal(counted.imports, 257);
    await importSpki('1', counted);
    assert.equal(counted.imports, 258);
  });
});
