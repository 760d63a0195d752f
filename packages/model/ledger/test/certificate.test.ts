import assert from 'node:assert/strict';
import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { test } from 'node:test';
import { derBitString, derBoolean, derEcdsaSignature, derOid, derSequence, toHex, utf8 } from '@enclos/codec';
import { toPem } from '@enclos/codec/pem';
import {
  basicConstraints,
  issueCertificate,
  keyRing,
  publicKeyInfo,
  type CertificateSpec,
  type Extension,
} from '@enclos/evidence-kit';
import { failsWith } from '@enclos/testkit';
import { p256, p384, p521 } from '@noble/curves/nist.js';
import { nodeDigests } from '../src/node/index.ts';
import {
  isIssuedBy,
  readEcdsaKey,
  readLedgerCertificate,
  verifyRootByNode,
  type LedgerCertificate,
  type SignedRoot,
} from '../src/proof/index.ts';
import { tools } from './little-service.ts';

const ring = keyRing('certificates');
const authority = { extensions: [basicConstraints({ ca: true })] };

function encoded(changes: Partial<CertificateSpec>): Uint8Array {
  return issueCertificate({
    version: 3,
    serialNumber: Uint8Array.of(1),
    issuer: 'service',
    subject: 'node',
    notBefore: new Date('2026-01-01T00:00:00Z'),
    notAfter: new Date('2026-01-02T00:00:00Z'),
    key: ring.key('node', 'P-384'),
    issuerKey: ring.key('service', 'P-384'),
    extensions: [],
    ...changes,
  });
}

const certified = (changes: Partial<CertificateSpec>): LedgerCertificate => readLedgerCertificate(encoded(changes));
const service = certified({ subject: 'service', key: ring.key('service', 'P-384'), ...authority });
const issued = (node: LedgerCertificate, by: LedgerCertificate): Promise<boolean> => isIssuedBy(node, by, tools.subtle);

const identifiers = { sha256: '1.2.840.10045.4.3.2', sha384: '1.2.840.10045.4.3.3', sha512: '1.2.840.10045.4.3.4' };

/** A certificate by a key that the ring has not. */
function signedBy(key: KeyObject, hash: keyof typeof identifiers): LedgerCertificate {
  const algorithm = derSequence(derOid(identifiers[hash]));
  const { signedBytes } = certified({ algorithm }).issuance;
  const signature = new Uint8Array(sign(hash, signedBytes, key));
  return readLedgerCertificate(derSequence(signedBytes, algorithm, derBitString(signature)));
}

const spkiOf = (key: KeyObject): Uint8Array => new Uint8Array(key.export({ type: 'spki', format: 'der' }));

test('a certificate is read with its names, its time and whether it is an authority', () => {
  const { subject, notBefore, notAfter, isAuthority, issuance } = service;
  assert.deepEqual(
    [subject.split(',')[0], notBefore, notAfter, isAuthority, issuance.hash],
    ['CN=service', '2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z', true, 'SHA-384'],
  );
  assert.equal(certified({}).isAuthority, false);
  // Without the flag it is none, though a length of its path stands there.
  assert.equal(certified({ extensions: [basicConstraints({ ca: false, pathLength: 0 })] }).isAuthority, false);
  const spelt = { ...basicConstraints({ ca: false }), value: derSequence(derBoolean(false)) };
  assert.equal(certified({ extensions: [spelt] }).isAuthority, false);
});

test('a certificate in the name of a service is refused where another key signed it', async () => {
  const stranger = ring.key('stranger', 'P-384');
  assert.equal(await issued(certified({}), service), true);
  assert.equal(await issued(certified({ issuerKey: stranger }), service), false);
  assert.equal(await issued(certified({ issuer: 'stranger' }), service), false);
  const sub = certified({ subject: 'service', key: ring.key('service', 'P-384') });
  assert.equal(await issued(certified({}), sub), false);
  const impostor = certified({ subject: 'service', key: stranger, ...authority });
  assert.equal(await issued(certified({}), impostor), false);
});

test('certificates under each curve and its hash hold, and under another algorithm none does', async () => {
  for (const [namedCurve, hash] of [
    ['P-256', 'sha256'],
    ['P-384', 'sha384'],
    ['P-521', 'sha512'],
    ['P-521', 'sha256'],
  ] as const) {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve });
    const issuer = certified({ subject: 'service', publicKeyInfo: spkiOf(publicKey), ...authority });
    assert.equal(issuer.key.curve, namedCurve);
    assert.equal(await issued(signedBy(privateKey, hash), issuer), true, namedCurve);
    assert.equal(await issued(certified({}), issuer), false);
  }
  const other = certified({ algorithm: derSequence(derOid('1.2.840.10045.4.3.1')) });
  assert.equal('hash' in other.issuance, false);
  assert.equal(await issued(other, service), false);
});

test('certificates of RSA keys, and those that are too long, are refused', () => {
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const refused = (certificate: Uint8Array | string, message: RegExp): void => {
    assert.throws(() => readLedgerCertificate(certificate), { code: 'LEDGER_INVALID', message });
  };
  refused(encoded({ publicKeyInfo: spkiOf(publicKey) }), /of RSA/);
  const padded = (length: number): Uint8Array => {
    const extension: Extension = { id: '1.2.3.4', value: new Uint8Array(length) };
    return encoded({ extensions: [extension] });
  };
  // Signatures differ in length from run to run.
  const longest = (): Uint8Array => {
    for (;;) {
      const certificate = padded(15_920 + 16_384 - padded(15_920).length);
      if (certificate.length === 16_384) return certificate;
    }
  };
  const certificate = longest();
  assert.deepEqual(readLedgerCertificate(toPem('CERTIFICATE', certificate)).encoded, certificate);
  refused(padded(17_000), /16384/);
  const text = toPem('CERTIFICATE', certificate).padEnd(32_768, '\n');
  assert.deepEqual(readLedgerCertificate(text).encoded, certificate);
  refused(`${text}\n`, /32768|32,768/);
});

const root = nodeDigests.sha256(new Uint8Array(64));
const curves = { 'P-256': p256, 'P-384': p384, 'P-521': p521 };
const roots: readonly SignedRoot[] = [{ root }, { root, preimage: new Uint8Array(64) }];

test('the signature of a node holds with either s, on each curve, with the nodes beneath the root and without', async () => {
  for (const namedCurve of ['P-256', 'P-384', 'P-521'] as const) {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve });
    const key = readEcdsaKey(spkiOf(publicKey));
    const fixed = new Uint8Array(sign('sha256', new Uint8Array(64), { key: privateKey, dsaEncoding: 'ieee-p1363' }));
    const size = fixed.length / 2;
    const s = BigInt(`0x${toHex(fixed.subarray(size))}`);
    const other = (curves[namedCurve].Point.Fn.ORDER - s).toString(16).padStart(2 * size, '0');
    for (const hex of [toHex(fixed.subarray(size)), other]) {
      const signature = derEcdsaSignature(Buffer.concat([fixed.subarray(0, size), Buffer.from(hex, 'hex')]));
      for (const signed of roots) await verifyRootByNode(signed, signature, key, tools);
    }
  }
});

test('a signature of another form, or under a key that is no point, does not hold', async () => {
  const key = ring.key('node', 'P-384');
  const spki = publicKeyInfo(key);
  const good = new Uint8Array(sign('sha256', new Uint8Array(64), key.privateKey));
  const followed = Uint8Array.of(...good, 5, 0).with(1, good.length);
  const tooLarge = derEcdsaSignature(new Uint8Array(98).fill(1));
  const off = spki.with(spki.length - 1, (spki.at(-1) ?? 0) ^ 1);
  for (const signed of roots) {
    await verifyRootByNode(signed, good, readEcdsaKey(spki), tools);
    for (const [signature, by] of [
      [followed, spki],
      [tooLarge, spki],
      [utf8('no signature'), spki],
      [new Uint8Array(), spki],
      [derEcdsaSignature(new Uint8Array(96)), spki],
      [good, off],
    ] as const) {
      await assert.rejects(
        verifyRootByNode(signed, signature, readEcdsaKey(by), tools),
        failsWith('LEDGER_UNPROVEN', 'signature'),
      );
    }
  }
});
