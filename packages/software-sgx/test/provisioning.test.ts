import assert from 'node:assert/strict';
import { verify, X509Certificate } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fromHex, toHex } from '@enclos/codec';
import { isEnclosError, type ErrorCode } from '@enclos/errors';
import { createFolder } from '../src/provisioning/folder.ts';
import { pckKeyPair } from '../src/provisioning/machine.ts';
import {
  createMachine,
  createVendor,
  enrolmentRequest,
  initialCpuSvn,
  installPck,
  issuePck,
  openMachine,
  openVendor,
  outOfDateAdvisory,
  publishTcb,
  refreshVendor,
  revoke,
  setCpuSvn,
  singleUserAdvisory,
  type Vendor,
} from '../src/index.ts';
import { enrol, enrolledSite, pckSerial, qeIdentityOf } from './provisioning-support.ts';
import { dayMs, now, temporaryFolder, testKey } from './support.ts';

function rejectsCode(promise: Promise<unknown>, code: ErrorCode): Promise<void> {
  return assert.rejects(promise, (error) => {
    assert.ok(isEnclosError(error, code), String(error));
    return true;
  });
}

await import('reflect-metadata');
const x509 = await import('@peculiar/x509');

const site = await enrolledSite();
const later = (days: number) => new Date(now.getTime() + days * dayMs);

interface TcbLevelJson {
  readonly tcb: { readonly sgxtcbcomponents: readonly { readonly svn: number }[]; readonly pcesvn: number };
  readonly tcbStatus: string;
  readonly advisoryIDs: readonly string[];
}

interface TcbInfoJson {
  readonly nextUpdate: string;
  readonly tcbEvaluationDataNumber: number;
  readonly tcbLevels: readonly TcbLevelJson[];
}

function tcbInfo(vendor: Vendor): TcbInfoJson {
  return JSON.parse(vendor.documents.tcbInfo) as TcbInfoJson;
}

/** The first level that fits, as every verifier chooses it (reference 3.6, evaluate). */
function statusOf(vendor: Vendor, cpuSvn: Uint8Array, pceSvn = 1): TcbLevelJson | undefined {
  return tcbInfo(vendor).tcbLevels.find(
    ({ tcb }) => pceSvn >= tcb.pcesvn && tcb.sgxtcbcomponents.every(({ svn }, index) => (cpuSvn[index] ?? 0) >= svn),
  );
}

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
  assert.deepEqual([separated?.tcbStatus, separated?.advisoryIDs], ['UpToDate', []]);
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
  const recovered = await publishTcb(vendor, { components: raised.subarray(0, 15), now: later(1) });
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

test('revoke: the serial number is in the next CRL, once, and enrolling again does not help', async () => {
  const { vendor, machine } = await enrolledSite();
  const serial = pckSerial(machine);
  const once = await revoke(vendor, serial, now);
  const twice = await revoke(once, serial.toLowerCase(), later(1));
  const crl = new x509.X509Crl(Uint8Array.from(fromHex(twice.documents.pckCrl)).buffer);
  assert.deepEqual(
    Array.from(crl.entries, ({ serialNumber }) => serialNumber.toUpperCase()),
    [serial],
  );
  assert.equal(twice.documents.crlNumber, 2);
  await rejectsCode(issuePck(twice, enrolmentRequest(machine), { now }), 'ENROLMENT_REFUSED');
});

test('refresh: nothing before half the lifetime, new documents and CRL number after it', async () => {
  const { vendor } = await enrolledSite();
  assert.deepEqual((await refreshVendor(vendor, later(0))).documents, vendor.documents);
  assert.deepEqual((await refreshVendor(vendor, later(14.9))).documents, vendor.documents);
  const fresh = await refreshVendor(vendor, later(15.1));
  assert.equal(fresh.documents.crlNumber, 2);
  assert.equal(fresh.documents.issueDate.getTime(), later(15.1).getTime());
  assert.equal(tcbInfo(fresh).nextUpdate, '2026-07-16T14:24:00Z');
});

test('refresh: documents of the future, and documents that miss a revocation, are issued again', async () => {
  const { vendor, machine } = await enrolledSite();
  assert.equal((await refreshVendor(vendor, later(-1))).documents.crlNumber, 2);
  const serialNumber = pckSerial(machine);
  // As if another process had been killed between the revocation and the new CRL.
  const content = JSON.stringify({ serialNumber, at: '2026-06-01T12:00:00Z' });
  writeFileSync(join(vendor.folder, 'revoked', `${serialNumber}.json`), content);
  const healed = await refreshVendor(vendor, later(-1));
  assert.equal(healed.documents.crlNumber, 3);
  assert.ok(healed.documents.pckCrl.includes(serialNumber.toLowerCase()));
});

test('enrolment: asking again gives the same certificate, until its last year', async () => {
  const { vendor, machine } = site;
  const again = await enrol(vendor, machine, later(365));
  assert.equal(pckSerial(again), pckSerial(machine));
  assert.notEqual(pckSerial(await enrol(vendor, machine, later(6.5 * 365))), pckSerial(machine));
});

test('enrolment: a request that was changed in any field is refused', async () => {
  const { vendor, machine } = site;
  const request = enrolmentRequest(machine);
  const other = enrolmentRequest(await createMachine(join(temporaryFolder(), 'm'), { separation: 'separated' }));
  const changes: readonly Record<string, unknown>[] = [
    { format: 'enclos-enrolment-2' },
    { ppid: other.ppid },
    { platformInstanceId: other.platformInstanceId },
    { cpuSvn: toHex(initialCpuSvn('separated').with(0, 9)) },
    { cpuSvn: toHex(initialCpuSvn('separated').with(15, 3)) },
    { pceSvn: 2 },
    { pceSvn: 65_536 },
    { pceSvn: '1' },
    { publicKey: other.publicKey },
    { publicKey: '00'.repeat(64) },
    { proof: other.proof },
    { proof: undefined },
    { extra: 1 },
  ];
  for (const change of changes) {
    await rejectsCode(issuePck(vendor, { ...request, ...change }, { now }), 'ENROLMENT_REFUSED');
  }
  for (const value of [undefined, null, [], 'x', 1]) {
    await rejectsCode(issuePck(vendor, value, { now }), 'ENROLMENT_REFUSED');
  }
});

test('enrolment: a request holds no secret', () => {
  const { machine } = site;
  const text = JSON.stringify(enrolmentRequest(machine));
  for (const file of ['fuses.bin', 'owner-epoch.bin']) {
    assert.ok(!text.includes(readFileSync(join(machine.folder, file)).toString('hex')));
  }
  assert.ok(!JSON.stringify(machine).includes(readFileSync(join(machine.folder, 'fuses.bin')).toString('hex')));
});

test('install: what is for another machine, another TCB, another chain or another quoting enclave is refused', async () => {
  const { vendor, machine } = site;
  const issued = await issuePck(vendor, enrolmentRequest(machine), { now });
  const folder = temporaryFolder();
  const other = await createMachine(join(folder, 'other'), { separation: 'separated' });
  await rejectsCode(installPck(other, issued), 'ENROLMENT_REFUSED');
  await rejectsCode(
    installPck(await setCpuSvn(other, initialCpuSvn('separated').with(0, 2)), issued),
    'ENROLMENT_REFUSED',
  );
  const stranger = await createVendor(join(folder, 'stranger'), { now, quotingSigningKey: testKey('other') });
  const changes: readonly Record<string, unknown>[] = [
    { root: stranger.rootPem },
    { platformCa: stranger.platformCaPem },
    { pck: issued.platformCa },
    { quotingImage: `${issued.quotingImage.slice(0, 100)}B${issued.quotingImage.slice(101)}` },
    { quotingSigstruct: Buffer.from(stranger.quotingEnclave.sigstruct).toString('base64').replace(/^B/, 'C') },
    { quotingSigstruct: '' },
    { format: 'x' },
  ];
  for (const change of changes) {
    await rejectsCode(installPck(machine, { ...issued, ...change }), 'ENROLMENT_REFUSED');
  }
});

test('one vendor enrols many machines, single-user ones too', async () => {
  const { vendor } = site;
  const second = await createMachine(join(temporaryFolder(), 'm'), { separation: 'single-user' });
  const enrolled = await enrol(vendor, second);
  assert.equal(enrolled.pck?.root, site.machine.pck?.root);
  assert.equal(statusOf(vendor, fromHex(enrolled.cpuSvn))?.tcbStatus, 'ConfigurationNeeded');
});

test('a machine keeps its separation', async () => {
  const { machine } = site;
  await rejectsCode(setCpuSvn(machine, initialCpuSvn('single-user')), 'TCB_REFUSED');
  await rejectsCode(setCpuSvn(machine, new Uint8Array(15)), 'TCB_REFUSED');
  await rejectsCode(setCpuSvn(machine, initialCpuSvn('separated'), { pceSvn: -1 }), 'TCB_REFUSED');
  await rejectsCode(createMachine(machine.folder, { separation: 'single-user' }), 'PLATFORM_FOLDER_INVALID');
});

test('creating again opens what is there', async () => {
  const { vendor, machine } = site;
  const again = await createVendor(vendor.folder, { now: later(1), quotingSigningKey: testKey('other') });
  assert.equal(again.rootFingerprint, vendor.rootFingerprint);
  assert.equal((await createMachine(machine.folder, { separation: 'separated' })).ppid, machine.ppid);
});

test('files are 0600 and folders 0700, whatever the umask', async () => {
  const before = process.umask(0);
  try {
    const { folder } = await enrolledSite();
    for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
      const mode = statSync(join(entry.parentPath, entry.name)).mode & 0o777;
      assert.equal(mode, entry.isDirectory() ? 0o700 : 0o600, join(entry.parentPath, entry.name));
    }
  } finally {
    process.umask(before);
  }
});

test('a folder with any file missing, empty or garbled is not accepted', async () => {
  const { vendor, machine } = await enrolledSite();
  const needed = {
    [vendor.folder]: [
      'vendor.json',
      'root-ca.pem',
      'platform-ca.pem',
      'tcb-signing.pem',
      'quoting.sig',
      'quoting.sgxs',
      'documents.json',
    ],
    [machine.folder]: ['machine.json', 'fuses.bin', 'owner-epoch.bin'],
  };
  for (const [folder, names] of Object.entries(needed)) {
    const open = () => (folder === vendor.folder ? openVendor(folder) : openMachine(folder));
    for (const name of names) {
      const path = join(folder, name);
      const content = readFileSync(path);
      rmSync(path);
      await rejectsCode(open(), 'PLATFORM_FOLDER_INVALID');
      writeFileSync(path, content.subarray(1));
      await rejectsCode(open(), 'PLATFORM_FOLDER_INVALID');
      writeFileSync(path, content);
      await open();
    }
  }
  await rejectsCode(openVendor(join(vendor.folder, 'nothing')), 'PLATFORM_FOLDER_INVALID');
  await rejectsCode(openMachine(vendor.folder), 'PLATFORM_FOLDER_INVALID');
});

test('a damaged pck.json is not accepted, an outdated one is ignored', async () => {
  const { machine } = await enrolledSite();
  const path = join(machine.folder, 'pck.json');
  const content = readFileSync(path, 'utf8');
  writeFileSync(path, content.replace('-----BEGIN', '-----BEGUN'));
  await rejectsCode(openMachine(machine.folder), 'PLATFORM_FOLDER_INVALID');
  writeFileSync(path, content);
  assert.ok((await openMachine(machine.folder)).pck);
  assert.equal((await setCpuSvn(machine, fromHex(machine.cpuSvn).with(1, 1))).pck, undefined);
});

test('a folder that cannot be made leaves nothing behind', async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'file'), '');
  await assert.rejects(createMachine(join(folder, 'file', 'machine'), { separation: 'separated' }));
  const failing = () => Promise.reject(new Error('out of entropy'));
  await assert.rejects(createFolder(join(folder, 'machine'), failing), /out of entropy/);
  assert.deepEqual(readdirSync(folder), ['file']);
});
