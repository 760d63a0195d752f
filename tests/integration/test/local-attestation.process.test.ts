import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { randomBytes } from 'node:crypto';
import { concatBytes } from '@enclos/codec';
import { encodeTargetInfo, parseReport, parseTargetInfo } from '@enclos/sgx';
import { createWorkshop, flipped, loadProbe, outcome, type Probe, type Variant } from '@enclos/process-kit';

const workshop = createWorkshop();
/** Two enclaves of two signers on one machine, a third one, and the first again on another machine. */
let prover: Probe;
let verifier: Probe;
let bystander: Probe;
let stranger: Probe;

before(async () => {
  const [here, elsewhere] = [await workshop.startPlatform('here'), await workshop.startPlatform('elsewhere')];
  const load = async (on: typeof here, variant: Variant) => loadProbe(on, await workshop.signed('probe', variant));
  prover = await load(here, {});
  verifier = await load(here, { productId: 40, signer: 'second' });
  bystander = await load(here, { productId: 41 });
  stranger = await load(elsewhere, {});
});
after(async () => {
  for (const enclave of [prover, verifier, bystander, stranger]) await enclave.dispose();
  await workshop.close();
});

const challenge = (): Uint8Array => new Uint8Array(randomBytes(64));

/** A report by `by` for `target`, over a challenge. */
async function reportFor(target: Probe, reportData: Uint8Array, by = prover): Promise<Uint8Array> {
  return by.call.createReport({ target: await target.call.targetInfo(), reportData });
}

const verify = (report: Uint8Array, expectedReportData: Uint8Array, by = verifier) =>
  by.call.verifyReport({ report, expectedReportData });
const refused = async (report: Uint8Array, expectedReportData: Uint8Array, by = verifier): Promise<void> =>
  assert.equal(await outcome(verify(report, expectedReportData, by)), 'REPORT_NOT_VERIFIED');

test('a genuine report over a fresh challenge proves who made it', async () => {
  const reportData = challenge();
  assert.deepEqual(await verify(await reportFor(verifier, reportData), reportData), prover.identity.mrEnclave);
});

test('a production enclave accepts no report of a debug enclave, and a debug enclave does', async () => {
  const here = await workshop.startPlatform('here');
  const debug = await loadProbe(here, await workshop.signed('probe', { debug: true }));
  const reportData = challenge();
  await refused(await reportFor(verifier, reportData, debug), reportData);
  assert.deepEqual(await verify(await reportFor(debug, reportData), reportData, debug), prover.identity.mrEnclave);
  await debug.dispose();
});

test('both directions, as in mutual attestation', async () => {
  const reportData = challenge();
  const answer = await reportFor(prover, reportData, verifier);
  assert.deepEqual(await verify(answer, reportData, prover), verifier.identity.mrEnclave);
});

test('the report says what the platform measured', async () => {
  const { body } = parseReport(await reportFor(verifier, challenge()));
  const { mrEnclave, mrSigner, productId, securityVersion } = prover.identity;
  assert.deepEqual(
    [body.mrEnclave, body.mrSigner, body.isvProdId, body.isvSvn],
    [mrEnclave, mrSigner, productId, securityVersion],
  );
});

test('each flipped byte of the 432 is refused', async () => {
  const reportData = challenge();
  const report = await reportFor(verifier, reportData);
  assert.equal(report.length, 432);
  for (let position = 0; position < report.length; position++) {
    for (const mask of [0x01, 0x80]) await refused(flipped(report, position, mask), reportData);
  }
  await verify(report, reportData);
});

test('a forged MAC is refused: zero, random, or of another report', async () => {
  const reportData = challenge();
  const report = await reportFor(verifier, reportData);
  const other = await reportFor(verifier, challenge());
  for (const mac of [new Uint8Array(16), new Uint8Array(randomBytes(16)), other.subarray(416)]) {
    await refused(concatBytes(report.subarray(0, 416), mac), reportData);
  }
});

test('a body in the name of another enclave is refused', async () => {
  const reportData = challenge();
  const mine = await reportFor(verifier, reportData, bystander);
  const theirs = await reportFor(verifier, reportData);
  // The MRENCLAVE of the prover in a report of the bystander.
  await refused(concatBytes(mine.subarray(0, 64), theirs.subarray(64, 96), mine.subarray(96)), reportData);
});

test('a redirected report, made for another enclave, is refused', async () => {
  const reportData = challenge();
  const report = await reportFor(bystander, reportData);
  await verify(report, reportData, bystander);
  await refused(report, reportData);
});

test('a report for the same MRENCLAVE in another mode is refused', async () => {
  const reportData = challenge();
  const target = parseTargetInfo(await verifier.call.targetInfo());
  for (const changed of [
    { ...target, attributes: { ...target.attributes, flags: target.attributes.flags | 2n } },
    { ...target, configSvn: 1 },
    { ...target, miscSelect: 1 },
    { ...target, configId: new Uint8Array(64).fill(1) },
  ]) {
    const report = await prover.call.createReport({ target: encodeTargetInfo(changed), reportData });
    await refused(report, reportData);
  }
});

test('a report that an enclave made for itself convinces nobody else', async () => {
  const reportData = challenge();
  const report = await reportFor(prover, reportData);
  assert.deepEqual(await verify(report, reportData, prover), prover.identity.mrEnclave);
  await refused(report, reportData);
});

test('a report for nobody is refused', async () => {
  const reportData = challenge();
  await refused(await prover.call.createReport({ target: new Uint8Array(512), reportData }), reportData);
});

test('a replayed report, over an earlier challenge, is refused', async () => {
  const earlier = challenge();
  const report = await reportFor(verifier, earlier);
  await verify(report, earlier);
  await refused(report, challenge());
  await refused(report, earlier.subarray(0, 63));
  await refused(report, new Uint8Array());
});

test('a report of the same enclave on another machine is refused', async () => {
  const reportData = challenge();
  await refused(await reportFor(verifier, reportData, stranger), reportData);
});

test('what is no report is refused', async () => {
  const reportData = challenge();
  const report = await reportFor(verifier, reportData);
  for (const bytes of [
    new Uint8Array(),
    report.subarray(1),
    report.subarray(0, 431),
    concatBytes(report, Uint8Array.of(0)),
  ]) {
    await refused(bytes, reportData);
  }
});
