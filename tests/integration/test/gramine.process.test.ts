import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { appraise, boundReportData, parseCollateral, softwareRoot, verifyQuote } from '@enclos/attestation';
import { toHex, utf8 } from '@enclos/codec';
import { signEnclave } from '@enclos/build';
import { gramineProgram } from '@enclos/gramine';
import { loadEnclave, type Enclave } from '@enclos/host';
import { gramineCapabilities } from '@enclos/tee/gramine';
import { parseSealedBlob, type Launcher, type SealPolicy } from '@enclos/tee';
import { hostile } from '@enclos/process-kit/enclaves/hostile';
import { fakeOf, fixedKeys, gramineLauncher, type GramineHostOptions } from './gramine/launcher.ts';
import { graminePlatform } from './gramine/fake-machine.ts';
import { sleeper } from '@enclos/process-kit/enclaves/sleeper';
import { hostileImage } from '@enclos/process-kit/hostile/hostile-image';
import {
  createWorkshop,
  loadProbe,
  outcome,
  refusedWith,
  signingKey,
  type Probe,
  type SignedImage,
} from '@enclos/process-kit';
import { startProgram } from '@enclos/process-kit/processes/programs';

/**
 * The whole way of an enclave on Gramine, without Gramine: host SDK, launcher, gate over TCP, the program of
 * `@enclos/gramine` under the pinned interpreter and its measured arguments, the bundle. What is not real is what Gramine
 * and the processor do: `gramine-sgx` and `/dev/attestation` are fakes that keep their rules. Not yet run on hardware.
 */
const workshop = createWorkshop();
const launchers: Launcher[] = [];
const probes: Probe[] = [];
let signed: SignedImage;
before(async () => {
  signed = await workshop.signed('probe');
});
after(async () => {
  for (const probe of probes) await probe.dispose();
  for (const launcher of launchers) await launcher.close();
  await workshop.close();
});

let folders = 0;
async function launcherOf(options: Partial<GramineHostOptions> = {}): Promise<Launcher> {
  const launcher = await gramineLauncher({ folder: workshop.subfolder(`gramine-${++folders}`), signed, ...options });
  launchers.push(launcher);
  return launcher;
}

async function loaded(options: Partial<GramineHostOptions> = {}): Promise<Probe> {
  const probe = await loadProbe(await launcherOf(options), options.signed ?? signed);
  probes.push(probe);
  return probe;
}

const secret = utf8('what is sealed in Gramine');
const nonce = new Uint8Array(randomBytes(32));
const purpose = 'gramine test v1';

describe('an enclave in Gramine', () => {
  let probe: Probe;
  before(async () => {
    probe = await loaded();
  });

  test('is called, calls back, and says the identity that its signature names', async () => {
    assert.equal(await probe.call.nest({ remaining: 3 }), 3);
    assert.deepEqual(probe.identity.mrEnclave, (await loaded()).identity.mrEnclave);
    assert.equal((await launcherOf()).capabilities, gramineCapabilities);
  });

  test('has what is measured: embedded files, and values of its environment', async () => {
    assert.ok((await probe.call.embeddedFile({ path: '/data/greeting.txt' })).length > 0);
  });

  test('gives the quote of the device, over its own binding', async () => {
    const quote = await probe.call.quote({ purpose, nonce, key: undefined });
    const { collateral, root, at } = graminePlatform();
    const trusted = await softwareRoot(root.certificate);
    const verdict = await verifyQuote(quote, parseCollateral(collateral), { roots: [trusted], now: at });
    assert.ok(verdict.tee === 'sgx');
    assert.equal(verdict.report.mrEnclave, toHex(probe.identity.mrEnclave));
    const policy = {
      mrEnclave: [toHex(probe.identity.mrEnclave)],
      minimumSecurityVersion: 3,
      acceptedStatuses: ['OK'],
      intelRoot: false,
      softwareRoots: [trusted.fingerprint],
    } as const;
    const binding = { reportData: await boundReportData({ purpose, nonce }) };
    assert.ok(appraise(verdict, policy, binding, { now: at }));
    const other = { reportData: await boundReportData({ purpose, nonce: new Uint8Array(32) }) };
    assert.throws(() => appraise(verdict, policy, other, { now: at }), refusedWith('APPRAISAL_REFUSED'));
  });

  for (const policy of ['enclave', 'signer'] as const) {
    test(`seals under the fixed key, which the next start has too: ${policy}`, async () => {
      const blob = await probe.call.seal({ plaintext: secret, policy });
      const { keyRequest, salt } = parseSealedBlob(blob);
      assert.deepEqual([keyRequest.keyId, salt?.length], [new Uint8Array(32), 32]);
      const again = await loaded();
      assert.deepEqual(await again.call.unseal({ blob, policy }), secret);
      const changed = blob.with(530, (blob[530] ?? 0) ^ 1);
      assert.equal(await outcome(again.call.unseal({ blob: changed, policy })), 'SEAL_NOT_OPENED');
    });
  }

  test('opens what its signer’s other enclave sealed under the signer policy, and nothing of another machine', async () => {
    const open = async (of: Probe, policy: SealPolicy) =>
      outcome(of.call.unseal({ blob: await probe.call.seal({ plaintext: secret, policy }), policy }));
    const { body } = fakeOf(signed);
    const sibling = await loaded({ fake: { keys: fixedKeys('another enclave', body.mrSigner, body.isvSvn) } });
    assert.deepEqual([await open(sibling, 'signer'), await open(sibling, 'enclave')], ['accepted', 'SEAL_NOT_OPENED']);
    const elsewhere = await loaded({ fake: { keys: fixedKeys('another', 'machine', body.isvSvn) } });
    assert.equal(await open(elsewhere, 'signer'), 'SEAL_NOT_OPENED');
  });

  test('is lost to its host when it is ended', async () => {
    const ended = await loaded();
    await ended.dispose();
    const { signal, exitCode } = await ended.exited;
    // Its gate closes first, and then it may end before the signal comes.
    assert.ok(signal === 'SIGKILL' || exitCode === 0, `${signal ?? exitCode}`);
    assert.equal(await outcome(ended.call.nest({ remaining: 0 })), 'ENCLAVE_LOST');
  });

  test('ends when its host is gone', async () => {
    const launcher = await launcherOf();
    const { gate, exited } = await launcher.launch({ ...signed, debug: false, isolation: 'best' });
    gate.destroy();
    assert.equal((await exited).exitCode, 0);
  });
});

describe('a hostile bundle in Gramine', () => {
  let enclave: Enclave<(typeof hostile)['trusted']>;
  before(async () => {
    const built = await workshop.build('hostile', { bootModule: './hostile-boot.ts' });
    const image = hostileImage(built.image);
    const key = signingKey('second');
    const evil = { image, signature: signEnclave({ image, key, date: new Date('2026-06-01') }) };
    const launcher = await launcherOf({ signed: evil });
    enclave = await loadEnclave({ ...evil, launcher, isolation: 'best', interface: hostile, untrusted: {} });
  });
  after(() => enclave?.dispose());

  test('finds nothing that it would not find on the software platform', async () => {
    const names = await enclave.call.attempts();
    assert.ok(names.length > 150);
    const succeeded = [];
    for (const name of names) {
      if ((await enclave.call.attempt({ name })).succeeded) succeeded.push(name);
    }
    assert.deepEqual(succeeded, []);
  });

  test('has what honest libraries need', async () => {
    const failed = [];
    for (const name of await enclave.call.needs()) {
      const { succeeded, detail } = await enclave.call.need({ name });
      if (!succeeded) failed.push(`${name}: ${detail}`);
    }
    assert.deepEqual(failed, []);
  });
});

describe('what a process in Gramine prints', () => {
  async function printed(of: SignedImage, how: 'exception' | 'rejection' | 'heap'): Promise<string> {
    const output = join(workshop.folder, `output-${++folders}`);
    const launcher = await launcherOf({ signed: of, output });
    const untrusted = { doing: () => undefined, answer: () => '', store: () => undefined };
    const enclave = await loadEnclave({ ...of, launcher, isolation: 'best', interface: sleeper, untrusted });
    assert.equal(await outcome(enclave.call.end({ how })), 'ENCLAVE_LOST');
    await enclave.exited;
    await enclave.dispose();
    return readFileSync(output, 'utf8');
  }

  test('of a production enclave, when it ends by an error or without memory, is nothing', async () => {
    const production = await workshop.signed('sleeper');
    for (const how of ['exception', 'rejection', 'heap'] as const) assert.equal(await printed(production, how), '');
  });

  test('of a debug enclave is the error', async () => {
    const debug = await workshop.signed('sleeper', { debug: true });
    assert.match(await printed(debug, 'exception'), /an exception that nobody catches/);
  });
});

describe('what Gramine lacks', () => {
  test('a debug enclave tells by its code; a production enclave keeps the reason inside', async () => {
    const debugSigned = await workshop.signed('probe', { debug: true });
    const debug = await loaded({ signed: debugSigned, fake: { attestationType: 'none' } });
    const production = await loaded({ fake: { attestationType: 'none' } });
    const request = { purpose, nonce, key: undefined };
    await assert.rejects(debug.call.quote(request), { code: 'ENCLAVE_CALL_FAILED', message: /lacks|only "dcap"/ });
    await assert.rejects(production.call.quote(request), (error: Error) => {
      assert.ok(refusedWith('ENCLAVE_CALL_FAILED')(error) && !/dcap/.test(error.message), error.message);
      return true;
    });
  });

  test('checking a report of another enclave takes a key that Gramine keeps', async () => {
    const debugSigned = await workshop.signed('probe', { debug: true });
    const debug = await loaded({ signed: debugSigned });
    const report = await debug.call.createReport({
      target: await debug.call.targetInfo(),
      reportData: new Uint8Array(64),
    });
    await assert.rejects(debug.call.verifyReport({ report, expectedReportData: new Uint8Array(64) }), {
      code: 'ENCLAVE_CALL_FAILED',
      message: /seal keys only/,
    });
  });
});

describe('a start in Gramine', () => {
  test('with a file that is not the one of the manifest does not come to be', async () => {
    const folder = workshop.subfolder('changed');
    const launcher = await launcherOf({ folder });
    appendFileSync(join(folder, 'enclos-gramine.mjs'), '\n');
    assert.equal(await outcome(loadProbe(launcher, signed)), 'ENCLAVE_START_FAILED');
  });

  test('in strict isolation is refused, since Gramine does not keep the host from the enclave', async () => {
    const launcher = await launcherOf();
    await assert.rejects(
      launcher.launch({ ...signed, debug: false, isolation: 'strict' }),
      refusedWith('ISOLATION_UNAVAILABLE'),
    );
  });

  test('without a ticket, or without an image, ends with a code and no more', async () => {
    const folder = workshop.subfolder('alone');
    writeFileSync(join(folder, 'image.sgxs'), signed.image);
    writeFileSync(join(folder, 'none.sgxs'), 'not an image');
    for (const [image, code] of [
      ['image.sgxs', 'TEE_PROTOCOL_MISMATCH'],
      ['none.sgxs', 'SGXS_INVALID'],
    ] as const) {
      const running = startProgram([process.execPath, gramineProgram, image], { cwd: folder });
      running.child.stdin?.end('no ticket');
      const { code: exitCode, stderr } = await running.ended;
      assert.deepEqual([exitCode, stderr], [4, `The enclave could not start: ${code}\n`]);
    }
  });
});
