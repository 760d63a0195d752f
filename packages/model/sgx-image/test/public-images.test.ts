import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { toHex } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import { verifySigstruct } from '@enclos/sgx';
import { sha256 } from '@enclos/sgx/node';

import { launchAttributes, openSdkImage } from '../src/index.ts';
import { measureEnclaveImage } from '../src/node.ts';
import { flipped, readerOf } from './images.ts';

// Signed enclaves that others published; their licences keep them out of this repository.
const folder = process.env['ENCLOS_SGX_IMAGES'];
const names =
  folder === undefined || !existsSync(folder) ? [] : readdirSync(folder).filter((name) => /signed/.test(name));

/** MRENCLAVEs that were measured by others. */
const known: Readonly<Record<string, string>> = {
  'libsgx_pce.signed.so': 'b02504aa47b34867ad5b4cd7acb2f78f86808d4e045546734bb999d062780fba',
  'libsgx_le.signed.so': '8050122c5f999a28624b23ddd85b0483caedae3f38a29d192758798e6785d090',
  'sample.signed.so': '2236acf22ad821539ef1bd3e284647170c40646b051e0b074a94617c16df1689',
  'oe-enclave.signed': '93bf8f8f47186979900916887162e3447588ebfbddb4659acfc5b3b60e033cbe',
};

/** What an enclave is when it is launched, or the code of the refusal. */
function launched(bytes: Uint8Array): string {
  try {
    const image = openSdkImage(readerOf(bytes), bytes.length);
    const { enclaveHash } = verifySigstruct(image.signature ?? new Uint8Array(), sha256);
    const measured = toHex(measureEnclaveImage(image));
    return measured === toHex(enclaveHash) ? measured : 'another enclave';
  } catch (error) {
    if (isEnclosError(error)) return error.code;
    throw error;
  }
}

test('Public images have the MRENCLAVE of their signature, and none with one flipped byte', (t) => {
  if (names.length === 0) return t.skip('ENCLOS_SGX_IMAGES names no folder with images');
  for (const name of names) {
    const bytes = new Uint8Array(readFileSync(join(folder ?? '', name)));
    const result = launched(bytes);
    // Names do not say which of them are simulation builds.
    if (result === 'ENCLAVE_FILE_SIMULATED' && known[name] === undefined) continue;
    assert.doesNotMatch(name, /^sim/);
    assert.match(result, /^[0-9a-f]{64}$/, name);
    assert.equal(result, known[name] ?? result, name);
    const image = openSdkImage(readerOf(bytes), bytes.length);
    assert.ok(launchAttributes(image, { debug: false }).attributes.xfrm >= 3n);
    // The last of several signatures counts, as the last metadata do.
    const signatureAt = image.metadata.at(-1)?.signatureOffset ?? 0;
    const mask = signatureAt + 900;
    for (const at of [0x40, 0x78, 0x1000, 0x2345, signatureAt + 20, signatureAt + 960, mask, signatureAt + 516]) {
      assert.notEqual(launched(flipped(bytes, at)), result, `${name}, byte ${at}`);
    }
  }
});
