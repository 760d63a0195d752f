import assert from 'node:assert/strict';
import { createPublicKey, X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { DerReader, toHex } from '@enclos/codec';
import {
  added,
  basicConstraints,
  CommonName,
  distinguishedName,
  ExtensionId,
  issueCertificate,
  keyRing,
  keyUsage,
  nameAttributes,
  publicKeyInfo,
  replaced,
  sgxExtension,
  twice,
  withCritical,
  without,
  type Extension,
} from '../src/index.ts';
import { caKey, identity, leafKey, rootKey, specOf } from './chain.ts';

const parse = (der: Uint8Array): X509Certificate => new X509Certificate(der);

test('a chain is one that Node follows', () => {
  const [root, ca, leaf] = (['root', 'ca', 'leaf'] as const).map((role) => parse(issueCertificate(specOf(role))));
  assert.ok(root !== undefined && ca !== undefined && leaf !== undefined);
  assert.deepEqual([root.ca, ca.ca, leaf.ca], [true, true, false]);
  assert.ok(root.checkIssued(root) && ca.checkIssued(root) && leaf.checkIssued(ca));
  assert.ok(root.verify(root.publicKey) && ca.verify(root.publicKey) && leaf.verify(ca.publicKey));
  assert.equal(leaf.checkIssued(root), false);
  assert.equal(leaf.verify(root.publicKey), false);
});

test('every field that can be chosen is in the certificate', () => {
  const leaf = parse(issueCertificate(specOf('leaf')));
  assert.match(leaf.subject, /^CN=Intel SGX PCK Certificate\nO=Enclos Evidence Kit\nOU=Test only/);
  assert.match(leaf.issuer, /^CN=Intel SGX PCK Platform CA\n/);
  assert.equal(leaf.serialNumber, '8003');
  assert.equal(new Date(leaf.validFrom).toISOString(), '2025-01-01T00:00:00.000Z');
  assert.equal(new Date(leaf.validTo).toISOString(), '2051-01-01T00:00:00.000Z');
  const spki = createPublicKey({ key: Buffer.from(publicKeyInfo(leafKey)), format: 'der', type: 'spki' });
  assert.ok(leaf.publicKey.equals(spki));
});

test('another signature key breaks the signature, another name breaks the chain', () => {
  const root = parse(issueCertificate(specOf('root')));
  const wrongKey = parse(issueCertificate({ ...specOf('ca'), issuerKey: leafKey }));
  assert.ok(wrongKey.checkIssued(root) && !wrongKey.verify(root.publicKey));
  const wrongName = parse(issueCertificate({ ...specOf('ca'), issuer: 'Another CA' }));
  assert.ok(!wrongName.checkIssued(root) && wrongName.verify(root.publicKey));
});

test('a P-384 key is certified, and signs with SHA-384', () => {
  const key = keyRing('p384').key('root', 'P-384');
  const root = parse(issueCertificate({ ...specOf('root'), key, issuerKey: key }));
  assert.equal(root.publicKey.asymmetricKeyDetails?.namedCurve, 'secp384r1');
  assert.ok(root.verify(root.publicKey));
});

function extensionIds(der: Uint8Array): readonly string[] {
  const ids: string[] = [];
  const fields = new DerReader(new DerReader(der).sequence().element(0x30).encoded).sequence();
  fields.optionalExplicit(0);
  fields.magnitude(20);
  for (let skipped = 0; skipped < 5; skipped++) fields.element(0x30);
  const wrapper = fields.optionalExplicit(3);
  if (wrapper === undefined) return ids;
  for (const list = wrapper.sequence(); !list.done;) {
    const extension = list.sequence();
    const id = extension.objectIdentifier();
    ids.push(extension.peek() === 0x01 && extension.boolean() ? `${id}!` : id);
  }
  return ids;
}

const standard = ['2.5.29.35', '2.5.29.31', '2.5.29.14', '2.5.29.15!', '2.5.29.19!'];

test('extensions are dropped, doubled, replaced, added, and made critical or not', () => {
  const good = specOf('ca');
  const ids = (extensions: readonly Extension[]): readonly string[] =>
    extensionIds(issueCertificate({ ...good, extensions }));
  assert.deepEqual(ids(good.extensions), standard);
  assert.deepEqual(ids(without(ExtensionId.keyUsage)(good.extensions)), standard.toSpliced(3, 1));
  assert.deepEqual(ids(twice(ExtensionId.subjectKeyIdentifier)(good.extensions)), [...standard, '2.5.29.14']);
  assert.deepEqual(ids(withCritical(ExtensionId.basicConstraints, false)(good.extensions)), [
    ...standard.slice(0, 4),
    '2.5.29.19',
  ]);
  const other = { id: '1.2.3', critical: true, value: Uint8Array.of(5, 0) };
  assert.deepEqual(ids(added(other)(good.extensions)), [...standard, '1.2.3!']);
  assert.deepEqual(ids([]), []);
  const leafUsage = replaced(keyUsage('digitalSignature'))(good.extensions);
  assert.deepEqual(parse(issueCertificate({ ...good, extensions: leafUsage })).ca, false);
});

test('key usages are canonical bit strings', () => {
  assert.equal(toHex(keyUsage('keyCertSign', 'cRLSign').value), '03020106');
  assert.equal(toHex(keyUsage('digitalSignature', 'nonRepudiation').value), '030206c0');
  assert.equal(toHex(keyUsage('keyCertSign').value), '03020204');
});

test('basic constraints have the authority and the path length that were asked for', () => {
  assert.equal(toHex(basicConstraints({ ca: true, pathLength: 0 }).value), '30060101ff020100');
  assert.equal(toHex(basicConstraints({ ca: true }).value), '30030101ff');
  assert.equal(toHex(basicConstraints({ ca: false }).value), '3000');
  assert.equal(toHex(basicConstraints({ ca: false, pathLength: 0 }).value), '3003020100');
});

test('one name has two encodings, which are different bytes', () => {
  const attributes = nameAttributes(CommonName.root);
  const printable = distinguishedName(attributes, 'printable');
  assert.notDeepEqual(printable, distinguishedName(attributes));
  const root = parse(issueCertificate({ ...specOf('root'), subject: printable }));
  assert.equal(root.subject, root.issuer);
});

/** Reads the pairs of an SGX extension: identifiers with their DER values. */
function sgxEntries(value: Uint8Array): ReadonlyMap<string, Uint8Array> {
  const entries = new Map<string, Uint8Array>();
  for (const reader = new DerReader(value).sequence(); !reader.done;) {
    const pair = reader.sequence();
    entries.set(pair.objectIdentifier().replace(ExtensionId.sgx, ''), pair.element().encoded);
    pair.end();
  }
  return entries;
}

test('the SGX extension has every entry that the identity has', () => {
  const entries = sgxEntries(sgxExtension(identity).value);
  assert.deepEqual([...entries.keys()], ['.1', '.2', '.3', '.4', '.5', '.6', '.7']);
  const tcb = sgxEntries(entries.get('.2') ?? new Uint8Array());
  assert.equal(tcb.size, 18);
  assert.equal(new DerReader(tcb.get('.2.16') ?? new Uint8Array()).integer(255), 255);
  assert.equal(new DerReader(tcb.get('.2.17') ?? new Uint8Array()).integer(65_535), 0x8001);
  assert.deepEqual(new DerReader(tcb.get('.2.18') ?? new Uint8Array()).octetString(), identity.cpuSvn);
  assert.deepEqual(new DerReader(entries.get('.4') ?? new Uint8Array()).octetString(), identity.fmspc);
  const configuration = sgxEntries(entries.get('.7') ?? new Uint8Array());
  assert.deepEqual([...configuration.values()].map(toHex), ['0101ff', '010100', '0101ff']);
  const { platformInstanceId: _, configuration: __, ...processor } = identity;
  assert.deepEqual([...sgxEntries(sgxExtension(processor).value).keys()], ['.1', '.2', '.3', '.4', '.5']);
});

test('entries of the SGX extension can be changed at each of its levels', () => {
  const short = sgxExtension(identity, { tcb: (good) => good.slice(1) });
  assert.equal(sgxEntries(sgxEntries(short.value).get('.2') ?? new Uint8Array()).size, 17);
  const less = sgxExtension(identity, { entries: (good) => good.filter(({ id }) => id !== '.4') });
  assert.equal(sgxEntries(less.value).has('.4'), false);
  assert.deepEqual(sgxExtension(identity, { value: () => Uint8Array.of(1) }).value, Uint8Array.of(1));
});

test('a seed gives the same keys and bytes in every run, and names tell them apart', () => {
  const [first, again, other] = [keyRing('a'), keyRing('a'), keyRing('b')];
  assert.deepEqual(first.key('x').point, again.key('x').point);
  assert.notDeepEqual(first.key('x').point, first.key('y').point);
  assert.notDeepEqual(first.key('x').point, other.key('x').point);
  assert.notDeepEqual(keyRing().key('x').point, keyRing().key('x').point);
  assert.equal(first.bytes('n', 70).length, 70);
  assert.deepEqual(first.bytes('n', 70).subarray(0, 5), again.bytes('n', 5));
  assert.equal(new Set([rootKey, caKey, leafKey].map((key) => toHex(key.point))).size, 3);
});
