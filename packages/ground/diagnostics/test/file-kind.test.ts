import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fileKindOf } from '../src/index.ts';

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const hex = (value: string): Uint8Array => Uint8Array.from(Buffer.from(value, 'hex'));

test('a file is known by how it begins', () => {
  for (const [bytes, known, words] of [
    [text('ECREATE\0'), 'image', 'an Enclos image'],
    [hex('06000000e100000000000100'), 'sigstruct', 'a SIGSTRUCT, the signature of an enclave'],
    [text('ENCLSEAL'), 'sealed-blob', 'a sealed blob'],
    [hex('0300020000000000'), 'quote', 'a DCAP quote'],
    [hex('0400020081000000'), 'quote', 'a version 4 quote (SGX or TDX)'],
    [hex('05000200'), 'quote', 'a version 5 quote (SGX or TDX)'],
    [hex('7f454c46'), 'elf', 'an ELF file (an executable or a library)'],
    [text('-----BEGIN PUBLIC KEY-----\n'), 'signing-key', 'a key'],
    [text('words first\n-----BEGIN RSA PRIVATE KEY-----\n'), 'signing-key', 'a key'],
    [text('-----BEGIN ENCRYPTED PRIVATE KEY-----\n'), undefined, 'an encrypted private key'],
    [text('-----BEGIN CERTIFICATE-----\n'), undefined, 'a PEM certificate'],
    [text('-----BEGIN X509 CRL-----\n'), undefined, 'a PEM file (X509 CRL)'],
    [text(' {"a": 1}'), undefined, 'JSON text'],
    [text('hello'), undefined, 'text'],
    [hex('1f8b08'), undefined, 'a gzip file'],
    [hex('308201ff'), undefined, 'a DER file (a certificate, a CRL or a key)'],
    [hex('00ff'), undefined, 'a binary file of an unknown kind'],
    [new Uint8Array(), undefined, 'an empty file'],
  ] as const) {
    assert.deepEqual(fileKindOf(bytes), { known, words });
  }
});

test('a beginning that is cut is not taken for the whole one', () => {
  assert.equal(fileKindOf(text('ECREATE')).known, undefined);
  assert.equal(fileKindOf(hex('030002')).known, undefined);
});

test('a text may end within a character at the end of the sample, and a label after it is not looked for', () => {
  assert.equal(fileKindOf(text(`${'a'.repeat(64 * 1024 - 1)}ä`)).words, 'text');
  assert.equal(fileKindOf(text(`${' '.repeat(64 * 1024)}-----BEGIN PUBLIC KEY-----`)).words, 'text');
});

test('whatever the bytes are, there are words for them', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      assert.match(fileKindOf(bytes).words, /^\w/);
    }),
  );
});
