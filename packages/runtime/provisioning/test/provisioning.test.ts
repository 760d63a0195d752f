import assert from 'node:assert/strict';
import { verify, X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { fromHex, toHex } from '@enclos/codec';
import { pckKeyPair } from '../src/provisioning/machine.ts';
import { initialCpuSvn, outOfDateAdvisory, publishTcb, setCpuSvn, singleUserAdvisory } from '../src/index.ts';
import { enrol, enrolledSite, laterBy, qeIdentityOf, rejectsCode, statusOf, tcbInfo } from './provisioning-support.ts';
import { dayMs, now } from './support.ts';

await import('reflect-metadata');
const x509 = await import('@peculiar/x509');

const site = await enrolledSite();

test('certificates: chain, names, constraints and validity are what DCAP wants', () => {
  const { vendor, machine } = site;
  const certificate = (pem: string) => new X509Certificate(pem);
  const [root, platformCa, tcb] = [vendor.rootPem, vendor.platformCaPem, vendor.tcbSigningPem].map(certificate);
  const pck = certificate(machine.pck?.pck ?? '');
  assert.ok(root && platformCa && tcb);
  assert.match(root.subject, /^CN=Intel SGX Root CA\nO=Enclos Software Platform\nOU=Software simulation/);
  assert.match(platformCa.subject, /^CN=Intel SGX PCK Platform CA\n/);
  assert.match(tcb.subject, /^CN=Intel SGX TCB Signing\n/);
  assert.match(pck.subject, /^CN=Intel SGX PCK Certificate\n/);
  assert.ok(root.ca && platformCa.ca && !tcb.ca && !pck.ca);
  for (const [child, parent] of [
    [root, root],
    [platformCa, root],
    [tcb, root],
    [pck, platformCa],
  ] as const) {
    assert.ok(child.checkIssued(parent) && child.verify(parent.publicKey));
  }
  const years = (of: X509Certificate) => (Date.parse(of.validTo) - Date.parse(of.validFrom)) / (365.25 * dayMs);
  assert.deepEqual(
    [root, platformCa, tcb, pck].map((of) => Math.round(years(of))),
    [30, 15, 7, 7],
  );
});

test('certificates: the five extensions that QVL requires, and the SGX extension in the leaf', () => {
  const { vendor, machine } = site;
  const required = ['2.5.29.35', '2.5.29.31', '2.5.29.14', '2.5.29.15', '2.5.29.19'];
  const oids = (pem: string) => Array.from(new x509.X509Certificate(pem).extensions, ({ type }) => type);
  for (const pem of [vendor.rootPem, vendor.platformCaPem, vendor.tcbSigningPem]) assert.deepEqual(oids(pem), required);
  assert.deepEqual(oids(machine.pck?.pck ?? ''), [...required, '1.2.840.113741.1.13.1']);
  const basic = (pem: string) => new x509.X509Certificate(pem).getExtension(x509.BasicConstraintsExtension);
  assert.equal(basic(vendor.rootPem)?.pathLength, 1);
  assert.equal(basic(vendor.platformCaPem)?.pathLength, 0);
});

test('certificates: the SGX extension of the PCK is byte for byte what the profile says', () => {
  const { machine } = site;
  const extension = new x509.X509Certificate(machine.pck?.pck ?? '').getExtension('1.2.840.113741.1.13.1');
  const hex = toHex(new Uint8Array(extension?.value ?? new ArrayBuffer(0)));
  const oid = (suffix: string) => `060${suffix.length === 2 ? 'a' : 'b'}2a864886f84d010d01${suffix}`;
  const components = [...fromHex(machine.cpuSvn)].map(
    (svn, index) =>
      `3010${oid(`02${(index + 1).toString(16).padStart(2, '0')}`)}0201${svn.toString(16).padStart(2, '0')}`,
  );
  const tcb = [...components, `3010${oid('0211')}020101`, `301f${oid('0212')}0410${machine.cpuSvn}`].join('');
  assert.match(hex, new RegExp(`^3082....301e${oid('01')}0410${machine.ppid}308201..${oid('02')}308201..${tcb}`));
  assert.ok(hex.includes(`3010${oid('03')}0402ec01`), 'PCEID');
  assert.ok(hex.includes(`3014${oid('04')}040645434c530001`), 'FMSPC');
  assert.ok(hex.includes(`300f${oid('05')}0a0100`), 'SGXType');
  assert.match(hex, new RegExp(`301e${oid('06')}0410.{32}`), 'platformInstanceId');
  assert.ok(hex.endsWith(`3010${oid('0701')}0101003010${oid('0702')}0101003010${oid('0703')}010100`), 'configuration');
});

test('CRLs: version 2, crlNumber, AKI, 30 days, signed by their issuer', async () => {
  const { documents, rootPem, platformCaPem } = site.vendor;
  for (const [hex, issuerPem] of [
    [documents.rootCaCrl, rootPem],
    [documents.pckCrl, platformCaPem],
  ] as const) {
    const crl = new x509.X509Crl(Uint8Array.from(fromHex(hex)).buffer);
    const issuer = new x509.X509Certificate(issuerPem);
    assert.equal(crl.issuer, issuer.subject);
    assert.deepEqual(
      Array.from(crl.extensions, ({ type }) => type),
      ['2.5.29.20', '2.5.29.35'],
    );
    assert.equal(crl.entries.length, 0);
    assert.equal((crl.nextUpdate?.getTime() ?? 0) - crl.thisUpdate.getTime(), 30 * dayMs);
    assert.ok(await crl.verify({ publicKey: issuer }));
  }
});

test('documents: TCB info, QE identity and evaluation numbers are signed slices', () => {
  const { documents, tcbSigningPem } = site.vendor;
  const key = new X509Certificate(tcbSigningPem).publicKey;
  for (const [text, signature] of [
    [documents.tcbInfo, documents.tcbInfoSignature],
    [documents.qeIdentity, documents.qeIdentitySignature],
    [documents.evaluationNumbers, documents.evaluationNumbersSignature],
  ] as const) {
    assert.ok(verify('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' }, fromHex(signature)));
  }
  const identity = qeIdentityOf(site.vendor);
  assert.equal(identity.mrsigner, site.vendor.quotingSigner.toUpperCase());
  assert.equal(identity.attributes, '11000000000000000000000000000000');
  assert.equal(identity.tcbEvaluationDataNumber, tcbInfo(site.vendor).tcbEvaluationDataNumber);
});

test('TCB levels: separated, single-user, old, and below everything', () => {
  const { vendor } = site;
  const separated = statusOf(vendor, initialCpuSvn('separated'));
  // As Intel writes it: no advisories, no member.
  assert.deepEqual([separated?.tcbStatus, 'advisoryIDs' in (separated ?? {})], ['UpToDate', false]);
  const single = statusOf(vendor, initialCpuSvn('single-user'));
  assert.deepEqual([single?.tcbStatus, single?.advisoryIDs], ['ConfigurationNeeded', [singleUserAdvisory]]);
  const old = statusOf(vendor, initialCpuSvn('separated').with(0, 0));
  assert.deepEqual([old?.tcbStatus, old?.advisoryIDs], ['OutOfDate', [outOfDateAdvisory]]);
  const oldSingle = statusOf(vendor, initialCpuSvn('single-user').with(0, 0));
  assert.equal(oldSingle?.tcbStatus, 'OutOfDateConfigurationNeeded');
  assert.deepEqual(oldSingle?.advisoryIDs, [singleUserAdvisory, outOfDateAdvisory]);
  assert.equal(statusOf(vendor, initialCpuSvn('separated').with(15, 0)), undefined);
  assert.equal(statusOf(vendor, initialCpuSvn('separated'), 0)?.tcbStatus, 'OutOfDate');
});

test('TCB levels descend, so the first that fits is the best that fits', async () => {
  const { vendor } = await enrolledSite();
  const first = await publishTcb(vendor, { components: initialCpuSvn('separated').subarray(0, 15).with(3, 4), now });
  const second = await publishTcb(first, {
    components: initialCpuSvn('separated').subarray(0, 15).with(3, 4),
    pceSvn: 2,
    now,
  });
  const rows = tcbInfo(second).tcbLevels.map(({ tcb }) => [...tcb.sgxtcbcomponents.map(({ svn }) => svn), tcb.pcesvn]);
  const hex = rows.map((row) => toHex(Uint8Array.from(row)));
  assert.deepEqual(
    hex,
    [...hex].sort((a, b) => (tcbKey(a) < tcbKey(b) ? 1 : -1)),
  );
  assert.equal(new Set(hex).size, hex.length);
});

/** Byte 15 last among the components, PCESVN before it: generation first, separation second. */
function tcbKey(hex: string): string {
  return hex.slice(0, 30) + hex.slice(32) + hex.slice(30, 32);
}

test('TCB recovery: a new level makes machines OutOfDate until they are updated and enrolled again', async () => {
  const { vendor, machine } = await enrolledSite();
  const raised = initialCpuSvn('separated').with(0, 2);
  const recovered = await publishTcb(vendor, { components: raised.subarray(0, 15), now: laterBy(1) });
  assert.equal(tcbInfo(recovered).tcbEvaluationDataNumber, 2);
  assert.equal(qeIdentityOf(recovered).tcbEvaluationDataNumber, 2);
  assert.equal(statusOf(recovered, fromHex(machine.cpuSvn))?.tcbStatus, 'OutOfDate');
  const updated = await setCpuSvn(machine, raised);
  assert.equal(updated.pck, undefined, 'the certificate was for the old CPUSVN');
  assert.notDeepEqual(pckKeyPair(updated).publicKey, pckKeyPair(machine).publicKey);
  const enrolled = await enrol(recovered, updated);
  assert.equal(statusOf(recovered, fromHex(enrolled.cpuSvn))?.tcbStatus, 'UpToDate');
  const rolledBack = await setCpuSvn(enrolled, initialCpuSvn('separated'));
  assert.deepEqual(pckKeyPair(rolledBack).publicKey, pckKeyPair(machine).publicKey);
});

test('TCB recovery: a level that is not above the current one is refused', async () => {
  const { vendor } = await enrolledSite();
  const current = initialCpuSvn('separated').subarray(0, 15);
  await rejectsCode(publishTcb(vendor, { components: current, now }), 'TCB_REFUSED');
  await rejectsCode(publishTcb(vendor, { components: current.with(0, 0).with(1, 9), now }), 'TCB_REFUSED');
  await rejectsCode(publishTcb(vendor, { components: new Uint8Array(16).fill(9), now }), 'TCB_REFUSED');
  await rejectsCode(publishTcb(vendor, { components: current, pceSvn: 0, now }), 'TCB_REFUSED');
});
