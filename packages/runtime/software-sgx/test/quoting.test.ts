import assert from 'node:assert/strict';
import { createHash, verify, X509Certificate, type KeyObject } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  createMachine,
  deriveSecret,
  initialCpuSvn,
  openMachine,
  p256FromSeed,
  p256PublicKey,
  publishTcb,
  quotingEnclaveImage,
  refreshVendor,
  setCpuSvn,
  wideSeedBytes,
  type Machine,
} from '@enclos/provisioning';
import { signSigstruct } from '@enclos/sgx/node';
import { fromHex, isZero, toHex, utf8 } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import { Attribute, encodeTargetInfo, KeyPolicy, parseQuoteV3, parseReportBody, parseTargetInfo } from '@enclos/sgx';
import { createQuotingEnclave, startCpu } from '../src/index.ts';
import {
  allBits,
  fields,
  flipped,
  loadEnclave,
  now,
  random,
  sealRequest,
  temporaryFolder,
  testKey,
} from './support.ts';
import { enrol, enrolledSite, qeIdentityOf } from './provisioning-support.ts';

const site = await enrolledSite();
const reportData = new Uint8Array(64).fill(0x42);

function platform(machine: Machine) {
  const cpu = startCpu(machine, { randomBytes: random });
  const quoting = createQuotingEnclave({ cpu, machine });
  const enclave = loadEnclave(cpu);
  const quote = (data = reportData) => quoting.quote(cpu.ereport(enclave, quoting.targetInfo(), data));
  return { cpu, quoting, enclave, quote };
}

const running = platform(site.machine);

function refused(report: Uint8Array): void {
  assert.throws(
    () => running.quoting.quote(report),
    (error) => isEnclosError(error, 'QUOTE_REPORT_REFUSED'),
  );
}

function holds(data: Uint8Array, publicKey: KeyObject, signature: Uint8Array): boolean {
  return verify('sha256', data, { key: publicKey, dsaEncoding: 'ieee-p1363' }, signature);
}

test('a quote carries the report, and its signatures hold up to the root', () => {
  const { enclave } = running;
  const quote = parseQuoteV3(running.quote());
  assert.deepEqual(quote.reportBody.mrEnclave, enclave.identity.mrEnclave);
  assert.deepEqual(quote.reportBody.reportData, reportData);
  assert.equal(toHex(quote.qeVendorId), '939a7233f79c4ca9940a0db3957f0607');
  const { signature } = quote;
  assert.ok(holds(quote.signedBytes, p256PublicKey(signature.attestationKey), signature.isvSignature));
  const binding = createHash('sha256').update(signature.attestationKey).update(signature.qeAuthData).digest();
  assert.equal(toHex(signature.qeReport.reportData.subarray(0, 32)), binding.toString('hex'));
  assert.ok(isZero(signature.qeReport.reportData.subarray(32)));
  assert.equal(signature.qeAuthData.length, 32);
  assert.equal(signature.certificationDataType, 5);
  const pem = Buffer.from(signature.certificationData).toString();
  const chain = (pem.match(/-----BEGIN[^]+?-----END CERTIFICATE-----\n/g) ?? []).map(
    (text) => new X509Certificate(text),
  );
  assert.equal(chain.length, 3);
  const [leaf, intermediate, root] = chain;
  assert.ok(leaf && intermediate && root);
  assert.ok(holds(signature.qeReportBytes, leaf.publicKey, signature.qeReportSignature));
  assert.ok(leaf.verify(intermediate.publicKey) && intermediate.verify(root.publicKey) && root.verify(root.publicKey));
  assert.equal(root.toString(), new X509Certificate(site.vendor.rootPem).toString());
});

test('the QE report fits the QE identity document', () => {
  const { qeReport } = parseQuoteV3(running.quote()).signature;
  const identity = qeIdentityOf(site.vendor);
  assert.equal(toHex(qeReport.mrSigner), identity.mrsigner.toLowerCase());
  assert.equal(qeReport.isvProdId, identity.isvprodid);
  assert.equal(qeReport.isvSvn, identity.tcbLevels[0]?.tcb.isvsvn);
  const mask = fromHex(identity.attributesMask).subarray(0, 8).reverse();
  const flags = BigInt(`0x${toHex(mask)}`) & qeReport.attributes.flags;
  assert.equal(flags, Attribute.INIT | Attribute.PROVISIONKEY);
});

test('the quoting enclave keeps no state: the same keys after a restart', async () => {
  const again = platform(await openMachine(site.machine.folder));
  const [first, second] = [running, again].map(({ quote }) => parseQuoteV3(quote()));
  assert.ok(first && second);
  assert.deepEqual(second.signature.attestationKey, first.signature.attestationKey);
  assert.deepEqual(second.signature.qeAuthData, first.signature.qeAuthData);
  assert.deepEqual(second.userData, first.userData);
  assert.ok(!isZero(first.userData.subarray(0, 16)) && isZero(first.userData.subarray(16)));
});

test('nothing else that the vendor signs gets the attestation key, whatever its product id', () => {
  const { cpu, quoting, quote } = running;
  const { isvSvn } = parseQuoteV3(quote()).signature.qeReport;
  const attributes = { flags: Attribute.MODE64BIT | Attribute.PROVISIONKEY, xfrm: 3n };
  const sibling = loadEnclave(cpu, { key: testKey('vendor'), fields: { attributes, isvProdId: 1, isvSvn } });
  const keyId = new Uint8Array(32);
  keyId.set(utf8('attestation key'));
  const request = (keyPolicy: number) =>
    sealRequest({ keyPolicy, keyId, isvSvn, cpuSvn: cpu.cpuSvn(), attributeMask: { flags: allBits, xfrm: 0n } });
  const mine = toHex(parseQuoteV3(quote()).signature.attestationKey);
  for (const policy of [KeyPolicy.MRSIGNER, KeyPolicy.MRENCLAVE, KeyPolicy.MRSIGNER | KeyPolicy.MRENCLAVE]) {
    const secret = cpu.egetkey(sibling, request(policy));
    const seed = deriveSecret(secret, { purpose: 'attestation key', lengthBytes: wideSeedBytes });
    assert.notEqual(toHex(p256FromSeed(seed).publicKey), mine);
  }
  assert.equal(quoting.targetInfo().length, 512);
});

test('another machine has another attestation key and another QE id', async () => {
  const fresh = await createMachine(`${temporaryFolder()}/m`, { separation: 'separated' });
  const other = parseQuoteV3(platform(await enrol(site.vendor, fresh)).quote());
  const mine = parseQuoteV3(running.quote());
  assert.notDeepEqual(other.signature.attestationKey, mine.signature.attestationKey);
  assert.notDeepEqual(other.userData, mine.userData);
});

test('TCB recovery: a new CPUSVN changes the attestation key, not the QE id', async () => {
  const { vendor, machine } = await enrolledSite();
  const before = parseQuoteV3(platform(machine).quote());
  const newer = initialCpuSvn('separated').with(0, 2);
  await publishTcb(vendor, { components: newer.subarray(0, 15), now });
  const raised = await enrol(vendor, await setCpuSvn(machine, newer));
  const after = parseQuoteV3(platform(raised).quote());
  assert.notDeepEqual(after.signature.attestationKey, before.signature.attestationKey);
  assert.deepEqual(after.userData, before.userData);
  assert.equal(after.reportBody.cpuSvn[0], 2);
});

test('a report with any byte flipped is not quoted', () => {
  const { cpu, enclave, quoting } = running;
  const report = cpu.ereport(enclave, quoting.targetInfo(), reportData);
  for (let index = 0; index < report.length; index++) refused(flipped(report, index));
  refused(report.subarray(1));
  refused(new Uint8Array(432));
});

test('a report for another target is not quoted', () => {
  const { cpu, enclave } = running;
  refused(cpu.ereport(enclave, encodeTargetInfo(enclave.identity), reportData));
});

test('a report of another machine is not quoted, though it names this quoting enclave', async () => {
  const fresh = await createMachine(`${temporaryFolder()}/m`, { separation: 'separated' });
  const other = platform(await enrol(site.vendor, fresh));
  refused(other.cpu.ereport(other.enclave, running.quoting.targetInfo(), reportData));
});

test('the target info names the quoting enclave in production mode', () => {
  const { attributes } = parseTargetInfo(running.quoting.targetInfo());
  assert.equal(attributes.flags, Attribute.INIT | Attribute.MODE64BIT | Attribute.PROVISIONKEY);
});

test('a debug enclave is quoted as one', () => {
  const { cpu, quoting } = running;
  const enclave = loadEnclave(cpu, { load: { debug: true } });
  const quote = parseQuoteV3(quoting.quote(cpu.ereport(enclave, quoting.targetInfo(), reportData)));
  assert.equal(quote.reportBody.attributes.flags & Attribute.DEBUG, Attribute.DEBUG);
  assert.ok(parseReportBody(quote.signedBytes.subarray(48)));
});

test('without a certificate for the present CPUSVN there is no quoting enclave', async () => {
  const fresh = await createMachine(`${temporaryFolder()}/m`, { separation: 'separated' });
  const notEnrolled = (machine: Machine, cpu = startCpu(machine, { randomBytes: random })) =>
    assert.throws(
      () => createQuotingEnclave({ cpu, machine }),
      (error) => isEnclosError(error, 'PLATFORM_NOT_ENROLLED'),
    );
  notEnrolled(fresh);
  const { vendor, machine } = await enrolledSite();
  const raised = await setCpuSvn(machine, initialCpuSvn('separated').with(0, 2));
  notEnrolled(raised);
  // A CPU that still runs at the old CPUSVN must not quote with the new certificate.
  await publishTcb(vendor, { components: initialCpuSvn('separated').subarray(0, 15).with(0, 2), now });
  notEnrolled(await enrol(vendor, raised), startCpu(machine, { randomBytes: random }));
});

test('the QE identity says the version of the quoting enclave that the vendor signed, whatever this package signs', async () => {
  const { vendor, machine } = await enrolledSite();
  assert.equal(qeIdentityOf(vendor).tcbLevels[0]?.tcb.isvsvn, 1);
  const attributes = { flags: Attribute.MODE64BIT | Attribute.PROVISIONKEY, xfrm: 3n };
  const content = fields(quotingEnclaveImage(), {
    attributes,
    attributeMask: { flags: allBits, xfrm: allBits },
    isvProdId: 1,
    isvSvn: 5,
  });
  writeFileSync(join(vendor.folder, 'quoting.sig'), signSigstruct(content, testKey('vendor')));
  const released = await refreshVendor(vendor, now);
  assert.equal(qeIdentityOf(released).tcbLevels[0]?.tcb.isvsvn, 5);
  const enrolled = await enrol(released, machine);
  const cpu = startCpu(enrolled, { randomBytes: random });
  const quoting = createQuotingEnclave({ cpu, machine: enrolled });
  const report = cpu.ereport(loadEnclave(cpu), quoting.targetInfo(), new Uint8Array(64));
  assert.equal(parseQuoteV3(quoting.quote(report)).signature.qeReport.isvSvn, 5);
});
