import assert from 'node:assert/strict';
import { randomBytes, X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import {
  appraise,
  parseCollateral,
  softwareRoot,
  splitSignedBody,
  verifyQuote,
  type QuoteVerdict,
  type SgxPolicy,
} from '@enclos/attestation';
import { toHex } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import { PAGE_SIZE, PageFlags, writeSgxs } from '@enclos/sgx';
import { generateSigningKey, sha256, signSigstruct } from '@enclos/sgx/node';
import {
  collateralApp,
  collateralFor,
  createMachine,
  createQuotingEnclave,
  createVendor,
  enrolmentRequest,
  initialCpuSvn,
  installPck,
  issuePck,
  outOfDateAdvisory,
  publishTcb,
  revoke,
  setCpuSvn,
  singleUserAdvisory,
  startCpu,
  type Machine,
  type Separation,
  type Vendor,
} from '@enclos/software-sgx';
import { sigstructFields } from '@enclos/testkit';

const folder = mkdtempSync(join(tmpdir(), 'enclos-evidence-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const now = new Date('2026-06-01T12:00:00Z');
const reportData = new Uint8Array(64).fill(0x5a);

const image = writeSgxs({
  ssaFrameSize: 1,
  sizeBytes: BigInt(2 * PAGE_SIZE),
  pages: [{ offset: 0n, flags: PageFlags.REG | PageFlags.R, content: new Uint8Array(PAGE_SIZE).fill(7) }],
});
const signature = signSigstruct(
  sigstructFields({ enclaveHash: sha256(image), isvProdId: 7, isvSvn: 3 }),
  generateSigningKey(),
);

let vendorCount = 0;
const newVendor = (): Promise<Vendor> => createVendor(join(folder, `vendor-${++vendorCount}`), { now });
const shared = await newVendor();

async function newMachine(vendor: Vendor, separation: Separation): Promise<Machine> {
  const path = join(folder, `machine-${randomBytes(4).toString('hex')}`);
  return enrol(vendor, await createMachine(path, { separation }));
}

async function enrol(vendor: Vendor, machine: Machine): Promise<Machine> {
  return installPck(machine, await issuePck(vendor, enrolmentRequest(machine), { now, allowSeparated: true }));
}

function quoteOn(machine: Machine, debug = false): Uint8Array {
  const cpu = startCpu(machine, { randomBytes: (sizeBytes) => new Uint8Array(randomBytes(sizeBytes)) });
  const quoting = createQuotingEnclave({ cpu, machine });
  return quoting.quote(cpu.ereport(cpu.load(image, signature, { debug }), quoting.targetInfo(), reportData));
}

async function verdictOf(quote: Uint8Array, vendor: Vendor): Promise<QuoteVerdict> {
  const roots = [await softwareRoot(vendor.rootPem)];
  return verifyQuote(quote, parseCollateral(collateralFor(vendor)), { roots, now });
}

type Changes = Partial<Pick<SgxPolicy, 'softwareRoots' | 'acceptedStatuses' | 'acceptedAdvisoryIds'>>;

function policyFor(vendor: Vendor, changes: Changes = {}): SgxPolicy {
  return {
    mrEnclave: [toHex(sha256(image))],
    minimumSecurityVersion: 3,
    acceptedStatuses: ['OK'],
    intelRoot: false,
    softwareRoots: [vendor.rootFingerprint],
    ...changes,
  };
}

const binding = { reportData };
const refusedBy = (code: 'EVIDENCE_REFUSED' | 'APPRAISAL_REFUSED') => (error: unknown) => isEnclosError(error, code);

test('a quote of a separated machine is OK for the verifier, and accepted where its root is listed', async () => {
  const verdict = await verdictOf(quoteOn(await newMachine(shared, 'separated')), shared);
  assert.equal(verdict.status, 'OK');
  assert.deepEqual(verdict.advisoryIds, []);
  assert.equal(verdict.root.kind, 'software');
  assert.equal(verdict.root.fingerprint, shared.rootFingerprint);
  const evidence = appraise(verdict, policyFor(shared), binding, { now });
  assert.equal(evidence.mrEnclave, toHex(sha256(image)));
  assert.throws(
    () => appraise(verdict, policyFor(shared, { softwareRoots: [] }), binding, { now }),
    refusedBy('APPRAISAL_REFUSED'),
  );
});

test('single-user mode is in the evidence, and no default policy accepts it', async () => {
  const verdict = await verdictOf(quoteOn(await newMachine(shared, 'single-user')), shared);
  assert.equal(verdict.status, 'CONFIGURATION_NEEDED');
  assert.deepEqual(verdict.advisoryIds, [singleUserAdvisory]);
  assert.throws(() => appraise(verdict, policyFor(shared), binding, { now }), refusedBy('APPRAISAL_REFUSED'));
  const development = policyFor(shared, {
    acceptedStatuses: ['OK', 'CONFIGURATION_NEEDED'],
    acceptedAdvisoryIds: [singleUserAdvisory],
  });
  assert.ok(appraise(verdict, development, binding, { now }));
});

test('a debug launch is in the evidence, and no default policy accepts it', async () => {
  const verdict = await verdictOf(quoteOn(await newMachine(shared, 'separated'), true), shared);
  assert.throws(() => appraise(verdict, policyFor(shared), binding, { now }), refusedBy('APPRAISAL_REFUSED'));
});

test('TCB recovery: OUT_OF_DATE until the machine is updated and enrolled again', async () => {
  const vendor = await newVendor();
  const machine = await newMachine(vendor, 'separated');
  const raised = initialCpuSvn('separated').with(0, 2);
  const recovered = await publishTcb(vendor, { components: raised.subarray(0, 15), now });
  const before = await verdictOf(quoteOn(machine), recovered);
  assert.equal(before.status, 'OUT_OF_DATE');
  assert.deepEqual(before.advisoryIds, [outOfDateAdvisory]);
  assert.deepEqual(before.tcbEvaluationDataNumbers, { tcbInfo: 2, qeIdentity: 2 });
  const updated = await enrol(recovered, await setCpuSvn(machine, raised));
  assert.equal((await verdictOf(quoteOn(updated), recovered)).status, 'OK');
});

test('a revoked PCK is refused', async () => {
  const vendor = await newVendor();
  const machine = await newMachine(vendor, 'separated');
  const quote = quoteOn(machine);
  assert.equal((await verdictOf(quote, vendor)).status, 'OK');
  const serial = new X509Certificate(machine.pck?.pck ?? '').serialNumber;
  await assert.rejects(verdictOf(quote, await revoke(vendor, serial, now)), refusedBy('EVIDENCE_REFUSED'));
});

test("another vendor's root, or another vendor's collateral, refuses the quote", async () => {
  const stranger = await newVendor();
  const quote = quoteOn(await newMachine(shared, 'separated'));
  await assert.rejects(verdictOf(quote, stranger), refusedBy('EVIDENCE_REFUSED'));
  const roots = [await softwareRoot(shared.rootPem), await softwareRoot(stranger.rootPem)];
  const mixed = { ...collateralFor(shared), pck_crl: collateralFor(stranger).pck_crl };
  await assert.rejects(verifyQuote(quote, parseCollateral(mixed), { roots, now }), refusedBy('EVIDENCE_REFUSED'));
});

test('one flipped byte anywhere before the certificates is refused', async () => {
  const quote = quoteOn(await newMachine(shared, 'separated'));
  const roots = [await softwareRoot(shared.rootPem)];
  const endorsements = parseCollateral(collateralFor(shared));
  // Header and body 432, length 4, signature, key, QE report and its signature 576, authentication data 34, type and size 6.
  for (let position = 0; position < 1052; position++) {
    const flipped = quote.with(position, (quote[position] ?? 0) ^ 1);
    await assert.rejects(verifyQuote(flipped, endorsements, { roots, now }), isEnclosError, `byte ${position}`);
  }
});

test('what the collateral service serves verifies as well', async () => {
  const service = collateralApp(shared.folder, { now: () => now });
  const get = async (path: string) => {
    const response = await service.request(`/sgx/certification/v4/${path}`);
    assert.equal(response.status, 200);
    return response;
  };
  const chain = (response: Response, name: string) => decodeURIComponent(response.headers.get(name) ?? '');
  const crl = await get('pckcrl?ca=platform&encoding=der');
  const tcb = await get(`tcb?fmspc=${shared.fmspc}`);
  const identity = await get('qe/identity');
  const tcbInfo = splitSignedBody(await tcb.text(), 'tcbInfo');
  const qeIdentity = splitSignedBody(await identity.text(), 'enclaveIdentity');
  const endorsements = parseCollateral({
    pck_crl_issuer_chain: chain(crl, 'SGX-PCK-CRL-Issuer-Chain'),
    root_ca_crl: await (await get('rootcacrl')).text(),
    pck_crl: toHex(new Uint8Array(await crl.arrayBuffer())),
    tcb_info_issuer_chain: chain(tcb, 'TCB-Info-Issuer-Chain'),
    tcb_info: tcbInfo.body,
    tcb_info_signature: tcbInfo.signature,
    qe_identity_issuer_chain: chain(identity, 'SGX-Enclave-Identity-Issuer-Chain'),
    qe_identity: qeIdentity.body,
    qe_identity_signature: qeIdentity.signature,
  });
  const machine = await newMachine(shared, 'separated');
  const verdict = await verifyQuote(quoteOn(machine), endorsements, {
    roots: [await softwareRoot(shared.rootPem)],
    now,
  });
  assert.equal(verdict.status, 'OK');
  assert.equal(verdict.fmspc.toUpperCase(), shared.fmspc);
  assert.ok(verdict.tee === 'sgx');
  assert.equal(verdict.report.cpuSvn, machine.cpuSvn.toLowerCase());
});
