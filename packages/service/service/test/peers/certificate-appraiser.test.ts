import assert from 'node:assert/strict';
import { generateKeyPairSync, sign } from 'node:crypto';
import { test } from 'node:test';
import { INTEL_SGX_ROOT, parseCollateral, verifyQuote } from '@enclos/attestation';
import {
  cborText,
  concatBytes,
  derBitString,
  derExplicit,
  derInteger,
  derMagnitude,
  derOctetString,
  derOid,
  derSequence,
  derTime,
  toHex,
  utf8,
} from '@enclos/codec';
import { flipped, keyRing, openEnclaveReport, publicKeyInfo, reportDataOf, scenario } from '@enclos/evidence-kit';
import { failsWith } from '@enclos/testkit';
import {
  maximumCertificateBytes,
  certificateAppraiser,
  replicaPolicy,
  replicaRoots,
  readSelfSignedCertificate,
} from '../../src/peers/index.ts';
import {
  appraiserOn,
  configurationDigest,
  evidenceFor,
  issuer,
  now,
  platformOf,
  tokenCertificate,
  type CertificateFacts,
} from '../replicas.ts';

test('the certificate of a replica proves its key, its tenant and its configuration', async () => {
  const { certificate, publicKey } = tokenCertificate();
  const appraised = await appraiserOn(await platformOf())(certificate);
  assert.deepEqual(appraised, {
    publicKey,
    issuer,
    configuration: configurationDigest,
    mrEnclave: 'ee'.repeat(32),
    mrSigner: '51'.repeat(32),
    securityVersion: 4,
    notBeforeMs: Date.parse('2026-01-14T00:00:00Z'),
    notAfterMs: Date.parse('2026-01-16T00:00:00Z'),
  });
});

const key = keyRing('appraiser').key('tokens', 'P-256');
const other = keyRing('appraiser').key('other', 'P-256');

type Claims = Record<string, Uint8Array>;

function without(...names: readonly string[]): (claims: Claims) => Claims {
  return (claims) => Object.fromEntries(Object.entries(claims).filter(([name]) => !names.includes(name)));
}

const serving = (claims: Claims): Claims => ({
  ...without('enclos-issuer', 'enclos-configuration')(claims),
  'enclos-role': cborText('server'),
});
const debug = { attributes: { flags: 7n, xfrm: 3n } };
const refused: readonly (readonly [string, CertificateFacts, string])[] = [
  ['without evidence', { extensions: () => [] }, 'claims'],
  ['with evidence for another key', { key, extensions: () => [evidenceFor(publicKeyInfo(other))] }, 'claims'],
  ['whose claims are not those of the quote', { report: { reportData: new Uint8Array(64) } }, 'policy'],
  ['signed by another key', { key, signedBy: other }, 'self-signed'],
  ['of another image', { report: { mrEnclave: new Uint8Array(32) } }, 'policy'],
  ['of a debug enclave', { report: debug }, 'policy'],
  ['of an earlier security version', { report: { isvSvn: 3 } }, 'policy'],
  ['of another software platform', { foreignPlatform: true }, 'evidence'],
  ['without an issuer', { claims: without('enclos-issuer') }, 'claims'],
  ['without a configuration', { claims: without('enclos-configuration') }, 'claims'],
  ['of a key for attested TLS', { claims: serving }, 'claims'],
  ['whose issuer is no text', { claims: (good) => ({ ...good, 'enclos-issuer': Uint8Array.of(0x01) }) }, 'claims'],
  [
    'whose configuration is too long',
    { claims: (good) => ({ ...good, 'enclos-configuration': cborText('x'.repeat(129)) }) },
    'claims',
  ],
  [
    'with evidence of a form that has no claims',
    {
      extensions: (publicKey) => {
        const { quote } = scenario({ report: { reportData: reportDataOf(publicKey) } });
        return [{ id: '1.3.6.1.4.1.311.105.1', value: openEnclaveReport(quote) }];
      },
    },
    'claims',
  ],
];

for (const [name, facts, rule] of refused) {
  test(`a certificate ${name} is refused`, async () => {
    const { certificate } = tokenCertificate(facts);
    await assert.rejects(appraiserOn(await platformOf())(certificate), failsWith('SERVICE_PEER_REFUSED', rule));
  });
}

test('no bit of a certificate can be changed', async () => {
  const { certificate } = tokenCertificate();
  const appraise = appraiserOn(await platformOf());
  for (let at = 0; at < certificate.length; at += 37) {
    await assert.rejects(appraise(flipped(certificate, at)), failsWith('SERVICE_PEER_REFUSED'), `byte ${at}`);
  }
  for (const bytes of [new Uint8Array(), certificate.subarray(0, -1), concatBytes(certificate, Uint8Array.of(0))]) {
    await assert.rejects(appraise(bytes), failsWith('SERVICE_PEER_REFUSED', 'well-formed'));
  }
  await assert.rejects(
    appraise(new Uint8Array(maximumCertificateBytes + 1)),
    failsWith('SERVICE_PEER_REFUSED', 'size'),
  );
});

test('endorsements that cannot be had are no refusal', async () => {
  const { roots, own } = await platformOf();
  const unavailable = new Error('no collateral');
  const endorsements = () => Promise.reject(unavailable);
  const appraise = certificateAppraiser({
    roots,
    policy: replicaPolicy(own, { by: 'enclave' }),
    endorsements,
    now: () => now,
  });
  await assert.rejects(appraise(tokenCertificate().certificate), unavailable);
});

test('a cheap look at the certificate comes before endorsements are asked for', async () => {
  const { roots, own } = await platformOf();
  const endorsements = () => Promise.reject(new Error('asked'));
  const appraise = certificateAppraiser({
    roots,
    policy: replicaPolicy(own, { by: 'enclave' }),
    endorsements,
    now: () => now,
  });
  for (const [, facts, rule] of refused) {
    if (rule !== 'claims' && rule !== 'self-signed') continue;
    await assert.rejects(appraise(tokenCertificate(facts).certificate), failsWith('SERVICE_PEER_REFUSED', rule));
  }
});

test('by signer, another image of the same product is a replica, of this version or a later one', async () => {
  const appraise = appraiserOn(await platformOf(), { by: 'signer' });
  const image = { mrEnclave: new Uint8Array(32).fill(1) };
  for (const report of [image, { ...image, isvSvn: 5 }]) await appraise(tokenCertificate({ report }).certificate);
  const wrong = [{ isvSvn: 3 }, { isvProdId: 8 }, { mrSigner: new Uint8Array(32) }, debug];
  for (const change of wrong) {
    const { certificate } = tokenCertificate({ report: { ...image, ...change } });
    await assert.rejects(appraise(certificate), failsWith('SERVICE_PEER_REFUSED', 'policy'));
  }
  const during = appraiserOn(await platformOf(), { by: 'signer', minimumSecurityVersion: 3 });
  await during(tokenCertificate({ report: { ...image, isvSvn: 3 } }).certificate);
});

test('debug enclaves are replicas of debug enclaves', async () => {
  await appraiserOn(await platformOf(debug))(tokenCertificate({ report: debug }).certificate);
});

test('on hardware only the root of Intel counts, whatever the own quote says', async () => {
  const { quote, root } = scenario();
  assert.deepEqual(await replicaRoots('hardware', quote), [INTEL_SGX_ROOT]);
  const [software, ...others] = await replicaRoots('software', quote);
  assert.deepEqual([software?.kind, software?.publicKey, others], ['software', root.publicKey, []]);
});

test('a peer may have the status and the advisories that this replica has, and no worse', async () => {
  const changes = { platformStatuses: { latest: 'ConfigurationNeeded' } } as const;
  const { quote, collateral, root } = scenario(changes);
  const roots = await replicaRoots('software', quote);
  const endorsements = parseCollateral(collateral);
  const own = await verifyQuote(quote, endorsements, { roots, now });
  assert.ok(own.tee === 'sgx' && root.certificate !== '');
  const policy = replicaPolicy(own, { by: 'enclave' });
  assert.deepEqual(policy.acceptedStatuses, ['OK', own.status]);
  assert.deepEqual(policy.acceptedAdvisoryIds, own.advisoryIds);
  const platform = await platformOf();
  const worse = { roots, endorsements, policy: replicaPolicy(platform.own, { by: 'enclave' }) };
  const appraise = certificateAppraiser({ ...worse, endorsements: async () => endorsements, now: () => now });
  await assert.rejects(appraise(tokenCertificate().certificate), failsWith('SERVICE_PEER_REFUSED', 'policy'));
  await certificateAppraiser({ ...worse, policy, endorsements: async () => endorsements, now: () => now })(
    tokenCertificate().certificate,
  );
});

/** A certificate of an RSA or another key that OpenSSL makes, without extensions. */
function plainCertificate(
  algorithm: string,
  spki: Uint8Array,
  signature: (bytes: Uint8Array) => Uint8Array,
): Uint8Array {
  const identifier = derSequence(derOid(algorithm));
  const dates = derSequence(derTime(new Date('2026-01-01T00:00:00Z')), derTime(new Date('2026-02-01T00:00:00Z')));
  const signed = derSequence(
    derExplicit(0, derInteger(2)),
    derMagnitude(Uint8Array.of(1)),
    identifier,
    derSequence(),
    dates,
    derSequence(),
    spki,
    derExplicit(3, derSequence(derSequence(derOid('1.2.3'), derOctetString(utf8('x'))))),
  );
  return derSequence(signed, identifier, derBitString(signature(signed)));
}

const rsaWithSha256 = '1.2.840.113549.1.1.11';

test('certificates that RSA keys and keys of P-384 signed are read, and no other algorithm', () => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' });
  const ed25519 = generateKeyPairSync('ed25519');
  const made = (algorithm: string, digest: string | null, pair: typeof rsa): Uint8Array => {
    const spki = new Uint8Array(pair.publicKey.export({ type: 'spki', format: 'der' }));
    return plainCertificate(algorithm, spki, (bytes) => new Uint8Array(sign(digest, bytes, pair.privateKey)));
  };
  for (const good of [made(rsaWithSha256, 'sha256', rsa), made('1.2.840.10045.4.3.3', 'sha384', p384)]) {
    assert.equal(readSelfSignedCertificate(good).notAfterMs, Date.parse('2026-02-01T00:00:00Z'));
  }
  for (const bad of [
    made('1.2.840.113549.1.1.5', 'sha1', rsa),
    made(rsaWithSha256, 'sha384', rsa),
    made('1.2.840.10045.4.3.2', 'sha384', p384),
  ]) {
    assert.throws(() => readSelfSignedCertificate(bad), failsWith('SERVICE_PEER_REFUSED', 'self-signed'), toHex(bad));
  }
  assert.throws(() => readSelfSignedCertificate(made(rsaWithSha256, null, ed25519)), failsWith('SERVICE_PEER_REFUSED'));
  const noKey = plainCertificate(rsaWithSha256, derSequence(derOid('1.2.3')), (bytes) => bytes.subarray(0, 9));
  assert.throws(() => readSelfSignedCertificate(noKey), failsWith('SERVICE_PEER_REFUSED', 'key'));
});
