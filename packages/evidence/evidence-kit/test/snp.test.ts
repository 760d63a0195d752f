import assert from 'node:assert/strict';
import { verify, X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { ByteReader, DerReader, equalBytes, toHex } from '@enclos/codec';
import { vectors } from '@enclos/testkit';
import {
  AmdExtensionId,
  amdPki,
  amdPkiSpecs,
  encodeSnpReportBody,
  encodeSnpTcb,
  flipped,
  issueCertificate,
  keyRing,
  pssAlgorithm,
  publicKeyInfo,
  rsaKey,
  snpProducts,
  snpScenario,
  without,
  type SnpProduct,
  type SnpReportBody,
  type SnpScenario,
} from '../src/index.ts';

// AMD's size is used once, below: a key of 4096 bits can take seconds to make.
const rsaBits = 2048;
const products = Object.keys(snpProducts) as readonly SnpProduct[];

function certificatesOf({ leaf, ask, ark }: SnpScenario): readonly [X509Certificate, X509Certificate, X509Certificate] {
  return [new X509Certificate(leaf), new X509Certificate(ask), new X509Certificate(ark)];
}

/** Checks the signature of a report with the engine, from the bytes alone. */
function holds(report: Uint8Array, certificate: X509Certificate): boolean {
  const scalar = (at: number): Uint8Array => report.slice(at, at + 48).reverse();
  const signature = new Uint8Array([...scalar(0x2a0), ...scalar(0x2a0 + 72)]);
  const key = { key: certificate.publicKey, dsaEncoding: 'ieee-p1363' } as const;
  return verify('sha384', report.subarray(0, 0x2a0), key, signature);
}

for (const product of products) {
  for (const signingKey of ['VCEK', 'VLEK'] as const) {
    test(`a report of ${product} under a ${signingKey} hangs together`, () => {
      const made = snpScenario({ product, signingKey, rsaBits });
      const [leaf, ask, ark] = certificatesOf(made);
      assert.ok(leaf.checkIssued(ask) && leaf.verify(ask.publicKey));
      assert.ok(ask.ca && ask.verify(ark.publicKey) && ark.ca && ark.verify(ark.publicKey));
      assert.equal(leaf.publicKey.asymmetricKeyDetails?.namedCurve, 'secp384r1');
      assert.match(leaf.subject, new RegExp(`^CN=SEV-${signingKey}\n`));
      assert.equal(made.report.length, 1184);
      assert.ok(holds(made.report, leaf));
      assert.equal(made.rootPublicKey, toHex(new Uint8Array(ark.publicKey.export({ type: 'spki', format: 'der' }))));
    });
  }
}

test('AMD’s own size of keys', () => {
  const made = snpScenario();
  const [leaf, ask, ark] = certificatesOf(made);
  assert.equal(ark.publicKey.asymmetricKeyDetails?.modulusLength, 4096);
  assert.ok(leaf.verify(ask.publicKey) && ask.verify(ark.publicKey));
  assert.equal(rsaKey('ark'), rsaKey('ark'));
});

test('versions differ where they should', () => {
  const [two, three, five] = ([2, 3, 5] as const).map((version) => snpScenario({ version, rsaBits }).report);
  assert.ok(two !== undefined && three !== undefined && five !== undefined);
  assert.deepEqual([two[0], three[0], five[0]], [2, 3, 5]);
  assert.deepEqual([...two.subarray(0x188, 0x18b)], [0, 0, 0]);
  assert.deepEqual([...three.subarray(0x188, 0x18b)], [0x19, 1, 1]);
  assert.deepEqual([three[0x1f8], five[0x1f8], five[0x200]], [0, 1, 3]);
});

test('a TCB lies in the bytes of its product', () => {
  const tcb = { bootloader: 1, tee: 2, snp: 3, microcode: 4, fmc: 5 };
  assert.equal(toHex(encodeSnpTcb('Milan', tcb)), '0102000000000304');
  assert.equal(toHex(encodeSnpTcb('Turin', tcb)), '0501020300000004');
});

test('changes are made before signing, or after it', () => {
  const wrongKey = snpScenario({ rsaBits, ask: { issuerKey: rsaKey('other', rsaBits) } });
  const [, ask, ark] = certificatesOf(wrongKey);
  assert.ok(!ask.verify(ark.publicKey));
  const debug = snpScenario({ rsaBits, report: { policy: 0xb001fn } });
  assert.ok(holds(debug.report, certificatesOf(debug)[0]));
  const forged = snpScenario({ rsaBits, reportBytes: (good) => flipped(good, 0x90) });
  assert.ok(!holds(forged.report, certificatesOf(forged)[0]));
  const id = Buffer.from('2b060104019c780104', 'hex');
  assert.ok(Buffer.from(snpScenario({ rsaBits }).leaf).includes(id));
  assert.ok(
    !Buffer.from(snpScenario({ rsaBits, leaf: { extensions: without(AmdExtensionId.hardwareId) } }).leaf).includes(id),
  );
});

test('a chain is made without a report too, of whom it is said to be', () => {
  const hardwareId = new Uint8Array(64).fill(0xc1);
  const facts = { rsaBits, hardwareId, tcb: { snp: 8 } } as const;
  const specs = amdPkiSpecs(facts);
  assert.deepEqual(specs.leaf.extensions.find(({ id }) => id === AmdExtensionId.hardwareId)?.value, hardwareId);
  assert.deepEqual(
    specs.leaf.extensions.find(({ id }) => id === AmdExtensionId.snp)?.value,
    Uint8Array.of(0x02, 0x01, 0x08),
  );
  const { leaf, ask, ark, rootPublicKey } = amdPki(facts);
  const { rootPublicKey: ofScenario, report } = snpScenario(facts);
  assert.equal(rootPublicKey, ofScenario);
  assert.deepEqual(report.subarray(0x1a0, 0x1e0), hardwareId);
  const [root, authority, key] = [ark, ask, leaf].map((encoded) => new X509Certificate(encoded));
  assert.ok(root !== undefined && authority !== undefined && key !== undefined);
  assert.ok(key.verify(authority.publicKey) && authority.verify(root.publicKey) && root.verify(root.publicKey));
  // One that is issued by hand is of the same chain.
  assert.ok(new X509Certificate(issueCertificate(specs.leaf)).verify(authority.publicKey));
  const provider = amdPkiSpecs({ rsaBits, signingKey: 'VLEK', cspId: 'CN=a provider' });
  const cspId = provider.leaf.extensions.find(({ id }) => id === AmdExtensionId.cspId);
  assert.equal(Buffer.from(cspId?.value ?? []).toString(), '\x16\x0dCN=a provider');
});

test('AMD’s older algorithm spells out a default, and a public key may be any bytes', () => {
  const { leaf } = amdPkiSpecs({ rsaBits });
  const { ask } = amdPki({ rsaBits });
  const issuer = new X509Certificate(ask).publicKey;
  const trailer = Buffer.from('a303020101', 'hex');
  const spelledOut = issueCertificate({ ...leaf, algorithm: pssAlgorithm({ trailer: true }) });
  assert.ok(Buffer.from(spelledOut).includes(trailer) && new X509Certificate(spelledOut).verify(issuer));
  assert.ok(!Buffer.from(issueCertificate(leaf)).includes(trailer));
  assert.notDeepEqual(pssAlgorithm({ saltBytes: 32 }), pssAlgorithm());
  const foreign = publicKeyInfo(keyRing('a foreign key').key('foreign'));
  const made = new X509Certificate(issueCertificate({ ...leaf, publicKeyInfo: foreign }));
  assert.deepEqual(new Uint8Array(made.publicKey.export({ type: 'spki', format: 'der' })), foreign);
});

test('a list of the root names what it revokes', () => {
  const serials = (crl: Uint8Array): readonly string[] => {
    const fields = new DerReader(new DerReader(crl).sequence().element(0x30).encoded).sequence();
    fields.integer(1);
    for (let skipped = 0; skipped < 2; skipped++) fields.element(0x30);
    fields.time();
    fields.time();
    const found: string[] = [];
    for (const list = fields.sequence(); !list.done;) found.push(toHex(list.sequence().magnitude(20)));
    return found;
  };
  assert.deepEqual(serials(snpScenario({ rsaBits }).crl), ['010009']);
  assert.deepEqual(serials(snpScenario({ rsaBits, crl: { revokes: ['ask'] } }).crl), ['010009', '010001']);
});

function read(report: Uint8Array): SnpReportBody {
  const at = (offset: number): ByteReader => new ByteReader(report, offset);
  const bytes = (offset: number, sizeBytes: number): Uint8Array => at(offset).bytes(sizeBytes);
  const three = (offset: number): readonly [number, number, number] => {
    const [a = 0, b = 0, c = 0] = bytes(offset, 3);
    return [a, b, c];
  };
  return {
    version: at(0).u32(),
    guestSvn: at(4).u32(),
    policy: at(8).u64(),
    familyId: bytes(0x10, 16),
    imageId: bytes(0x20, 16),
    vmpl: at(0x30).u32(),
    signatureAlgorithm: at(0x34).u32(),
    currentTcb: bytes(0x38, 8),
    platformInfo: at(0x40).u64(),
    flags: at(0x48).u32(),
    reportData: bytes(0x50, 64),
    measurement: bytes(0x90, 48),
    hostData: bytes(0xc0, 32),
    idKeyDigest: bytes(0xe0, 48),
    authorKeyDigest: bytes(0x110, 48),
    reportId: bytes(0x140, 32),
    reportIdMa: bytes(0x160, 32),
    reportedTcb: bytes(0x180, 8),
    cpuid: three(0x188),
    chipId: bytes(0x1a0, 64),
    committedTcb: bytes(0x1e0, 8),
    currentVersion: three(0x1e8),
    committedVersion: three(0x1ec),
    launchTcb: bytes(0x1f0, 8),
    mitigationVectors: [at(0x1f8).u64(), at(0x200).u64()],
  };
}

vectors.test('real reports of all versions are written byte for byte as they are', () => {
  const files = [
    'TEE-Attestation-Verification/genoa_attestation_report.bin',
    'TEE-Attestation-Verification/turin_attestation_report.bin',
    'attestation-rs/test-report.bin',
    'attestation-rs/test-vlek-report.bin',
  ];
  const versions = files.map((file) => {
    const report = vectors.read(`snp/${file}`);
    const body = read(report);
    assert.ok(equalBytes(encodeSnpReportBody(body), report.slice(0, 0x2a0)), file);
    return body.version;
  });
  assert.deepEqual(versions, [3, 5, 2, 3]);
});

test('a signature stands in its little-endian fields', () => {
  const made = snpScenario({ rsaBits });
  assert.equal(
    made.report.subarray(0x2a0 + 144).every((byte) => byte === 0),
    true,
  );
  assert.equal(
    made.report.subarray(0x2a0 + 48, 0x2a0 + 72).every((byte) => byte === 0),
    true,
  );
});
