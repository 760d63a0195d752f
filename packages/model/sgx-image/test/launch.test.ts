import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Attribute, type SigstructFields } from '@enclos/sgx';
import { generateSigningKey, signSigstruct } from '@enclos/sgx/node';
import { sigstructFields } from '@enclos/testkit';

import { launchAttributes, type EnclaveImage } from '../src/index.ts';

const key = generateSigningKey();
const allBits = 0xffff_ffff_ffff_ffffn;
const mode64 = Attribute.MODE64BIT;

function imageWith(fields: Partial<SigstructFields>, own: Partial<EnclaveImage> = {}): EnclaveImage {
  return {
    sdk: 'intel',
    version: '2.4',
    sizeBytes: 8192n,
    ssaFrameSize: 1,
    attributes: { flags: mode64, xfrm: 3n },
    miscSelect: 0,
    signature: signSigstruct(sigstructFields(fields), key),
    threads: 1,
    streamBytes: 64,
    pages: () => [],
    ...own,
  };
}

test('SECS has what the signature asks for under its masks', () => {
  const attributes = { flags: mode64 | Attribute.KSS | Attribute.PROVISIONKEY, xfrm: 3n };
  const image = imageWith({
    attributes,
    attributeMask: { flags: allBits & ~Attribute.DEBUG, xfrm: allBits & ~0xe4n },
    miscSelect: 1,
    miscMask: 1,
  });
  assert.deepEqual(launchAttributes(image, { debug: false }), { attributes, miscSelect: 1 });
  assert.deepEqual(launchAttributes(image, { debug: true }), {
    attributes: { flags: attributes.flags | Attribute.DEBUG, xfrm: 3n },
    miscSelect: 1,
  });
});

test('where the masks leave a choice, flags and MISCSELECT are the file’s, and features as few as can be', () => {
  const image = imageWith(
    { attributeMask: { flags: mode64, xfrm: 0n }, attributes: { flags: mode64, xfrm: 7n }, miscMask: 0xffff_fffe },
    { attributes: { flags: mode64 | Attribute.KSS | Attribute.DEBUG | Attribute.INIT, xfrm: 0xe7n }, miscSelect: 1 },
  );
  const { attributes, miscSelect } = launchAttributes(image, { debug: false });
  assert.deepEqual(attributes, { flags: mode64 | Attribute.KSS, xfrm: 3n });
  assert.equal(miscSelect, 1);
});

test('a mode that the signature forbids is refused, and so is what no enclave has', () => {
  const mask = { flags: allBits, xfrm: allBits };
  const refused = { code: 'ENCLAVE_ATTRIBUTES_REFUSED' };
  const production = imageWith({ attributeMask: mask });
  assert.throws(() => launchAttributes(production, { debug: true }), { ...refused, message: /production only/ });
  const debug = imageWith({ attributeMask: mask, attributes: { flags: mode64 | Attribute.DEBUG, xfrm: 3n } });
  assert.throws(() => launchAttributes(debug, { debug: false }), { ...refused, message: /debugging only/ });
  for (const attributes of [
    { flags: 0n, xfrm: 3n },
    { flags: mode64 | Attribute.INIT, xfrm: 3n },
    { flags: mode64, xfrm: 0n },
  ]) {
    assert.throws(() => launchAttributes(imageWith({ attributeMask: mask, attributes }), { debug: false }), refused);
  }
  assert.throws(() => launchAttributes({ ...production, signature: undefined }, { debug: false }), {
    code: 'ENCLAVE_FILE_NOT_SIGNED',
  });
});
