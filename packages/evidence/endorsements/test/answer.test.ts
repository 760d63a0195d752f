import assert from 'node:assert/strict';
import { test } from 'node:test';
import { collateralFor } from '@enclos/software-sgx';
import { toHex, utf8 } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import fc from 'fast-check';
import { decodeChainHeader, decodeCrl, readAnswer } from '../src/answer.ts';
import { encodeCrl } from './fake-pcs.ts';
import { softwareSite } from './software-site.ts';

const { vendor } = await softwareSite();
const collateral = collateralFor(vendor);
const chain = collateral.tcb_info_issuer_chain;
const bytes = (body: string | Uint8Array): Uint8Array => (typeof body === 'string' ? utf8(body) : body);
const refused = (error: unknown): boolean => isEnclosError(error);

test('a revocation list is the same list in hex, base64, PEM and DER', () => {
  for (const encoding of ['hex', 'base64', 'pem', 'der'] as const) {
    assert.equal(toHex(decodeCrl(bytes(encodeCrl(collateral.pck_crl, encoding)))), collateral.pck_crl, encoding);
  }
  assert.equal(toHex(decodeCrl(utf8(` ${collateral.pck_crl.toUpperCase()}\r\n`))), collateral.pck_crl);
});

test('a chain of a header is percent-encoded, with a plus that is one', () => {
  assert.equal(decodeChainHeader(encodeURIComponent(chain)), chain);
  const encoded = chain.replaceAll('\n', '%0A').replaceAll(' ', '%20');
  assert.equal(decodeChainHeader(encoded), chain);
  assert.equal(decodeChainHeader(encodeURIComponent(chain.replaceAll('\n', '\r\n'))), chain);
});

const encoded = encodeURIComponent(chain);
for (const [what, value] of [
  ['two headers of one name', `${encoded}, ${encoded}`],
  ['a NUL', `${encoded}%00`],
  ['a NUL inside', encoded.replace('%0A', '%00')],
  ['raw line breaks', chain],
  ['a broken escape', `${encoded}%`],
  ['half an escape', `${encoded}%E2%82`],
  ['other text around it', `x${encoded}`],
  ['another label', encoded.replaceAll('CERTIFICATE', 'X509%20CRL')],
  ['nothing', ''],
  ['no end', encoded.slice(0, -40)],
  ['too much', 'A'.repeat(40_000)],
  ['a certificate with a byte too many', encoded.replace('%0A-----END', 'AAAA%0A-----END')],
] as const) {
  test(`a chain in a header with ${what} is refused`, () => {
    assert.throws(() => decodeChainHeader(value), refused);
  });
}

for (const [what, body] of [
  ['HTML', '<html><body>Sign in to the network</body></html>'],
  ['nothing', ''],
  ['hex with a NUL', `${collateral.pck_crl}\0`],
  ['hex of odd length', collateral.pck_crl.slice(1)],
  ['two PEM blocks', String(encodeCrl(collateral.pck_crl, 'pem')).repeat(2)],
  ['PEM of a certificate', chain],
  ['text that is not UTF-8', Uint8Array.of(0x20, 0xff, 0xfe)],
  ['a byte order mark', `\ufeff${collateral.pck_crl}`],
] as const) {
  test(`a revocation list that is ${what} is refused`, () => {
    assert.throws(() => decodeCrl(bytes(body)), refused);
  });
}

test('an answer without the header of its chain, or of another length than it may have, is refused', () => {
  const route = { url: new URL('http://127.0.0.1'), form: 'json', chainHeaders: ['X-Chain', 'X-Old-Chain'] } as const;
  const answer = (body: Uint8Array, headers: Readonly<Record<string, string>>) => () =>
    readAnswer('tcb-info', route, { body, header: (name) => headers[name] });
  assert.throws(answer(utf8('{}'), {}), (error) => isEnclosError(error, 'ENDORSEMENTS_ANSWER_INVALID'));
  assert.equal(answer(utf8('{}'), { 'X-Old-Chain': encoded })().chain, chain);
  assert.throws(answer(new Uint8Array(300_000).fill(0x20), { 'X-Chain': encoded }), refused);
});

test('arbitrary bytes throw nothing but typed errors', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.string({ unit: 'binary', maxLength: 100 }), (body, header) => {
      for (const attempt of [() => decodeCrl(body), () => decodeChainHeader(header)]) {
        try {
          attempt();
        } catch (error) {
          assert.ok(refused(error));
        }
      }
    }),
    { numRuns: 1000 },
  );
});
