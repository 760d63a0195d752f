import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, describe, test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { toHex, utf8 } from '@enclos/codec';
import { Attribute, sigstructToSign, type SigstructFields } from '@enclos/sgx';
import { generateSigningKey, sha256, signSigstruct } from '@enclos/sgx/node';
import { sigstructFields } from '@enclos/testkit';
import { createGramineLauncher, type GramineLauncherOptions } from '../../src/gramine-host/index.ts';
import type { Launcher, LaunchRequest } from '../../src/index.ts';

const command = join(dirname(fileURLToPath(import.meta.url)), '../../../test/gramine/fake-gramine-sgx.mjs');
// A process of its own has a folder of its own, so that what is left in it is known.
const temporary = mkdtempSync(join(tmpdir(), 'enclos-test-'));
process.env['TMPDIR'] = temporary;
after(() => rmSync(temporary, { recursive: true }));

const key = generateSigningKey();
const image = utf8('an image');

const fields: SigstructFields = sigstructFields({
  attributeMask: { flags: 0xffff_ffff_ffff_ffffn, xfrm: 0xffff_ffff_fff9_ff1bn },
  enclaveHash: new Uint8Array(32).fill(0xaa),
  isvProdId: 3,
  isvSvn: 4,
});
const signatureOf = (changes: Partial<SigstructFields> = {}): Uint8Array =>
  signSigstruct({ ...fields, ...changes }, key);
const signature = signatureOf();
const debugFlags = { flags: Attribute.MODE64BIT | Attribute.DEBUG, xfrm: 3n };
const debugSignature = signatureOf({ attributes: debugFlags });

const manifestOf = (behaviour: string): Uint8Array =>
  utf8(`# fake: ${behaviour}\nsgx.trusted_files = [{ uri = "file:/i", sha256 = "${toHex(sha256(image))}" }]\n`);

function made(t: TestContext, behaviour = 'serve', options: Partial<GramineLauncherOptions> = {}): Launcher {
  const launcher = createGramineLauncher({ manifest: manifestOf(behaviour), command, ...options });
  t.after(() => launcher.close());
  return launcher;
}

const request = (changes: Partial<LaunchRequest> = {}): LaunchRequest => ({
  image,
  signature,
  debug: false,
  isolation: 'best',
  ...changes,
});

const folders = (): readonly string[] => readdirSync(temporary);

describe('an enclave in Gramine', () => {
  test('is started with its manifest, and says who it is', async (t) => {
    const launcher = made(t, 'serve', { environment: { REGION: 'west' } });
    const enclave = await launcher.launch(request());
    assert.deepEqual(
      { ...enclave.identity, mrSigner: undefined },
      { mrEnclave: fields.enclaveHash, mrSigner: undefined, productId: 3, securityVersion: 4, debug: false },
    );
    assert.equal(enclave.identity.mrSigner.length, 32);
    enclave.gate.resume();
    const [said] = (await once(enclave.gate, 'data')) as [Uint8Array];
    assert.deepEqual(JSON.parse(new TextDecoder().decode(said)), {
      argv: ['enclave'],
      // Nothing else of the host's environment, and no secret: others can list it.
      environment: ['PATH', 'REGION'],
      region: 'west',
    });
    assert.equal(folders().length, 1);
    await enclave.terminate();
    await enclave.terminate();
    assert.equal((await enclave.exited).signal, 'SIGKILL');
    assert.deepEqual(folders(), []);
  });

  test('ends with its gate', async (t) => {
    const enclave = await made(t).launch(request());
    enclave.gate.destroy();
    assert.deepEqual(await enclave.exited, { exitCode: 0, signal: undefined, detail: '' });
  });

  test('ends with its launcher', async (t) => {
    const launcher = made(t);
    const enclave = await launcher.launch(request());
    await launcher.close();
    await enclave.exited;
    assert.deepEqual(folders(), []);
  });

  test('that dies has not started, and only a debug enclave says why', async (t) => {
    const launcher = made(t, 'die');
    const refusal = { code: 'ENCLAVE_START_FAILED' };
    await assert.rejects(launcher.launch(request()), (error: Error) => {
      assert.ok(!error.message.includes('said this'), error.message);
      assert.match(error.message, /ended with 12/);
      return true;
    });
    await assert.rejects(launcher.launch(request({ signature: debugSignature, debug: true })), {
      ...refusal,
      message: /the enclave said this/,
    });
    assert.deepEqual(folders(), []);
  });

  test('that never connects is ended', async (t) => {
    const launcher = made(t, 'silent', { startTimeoutMs: 300 });
    await assert.rejects(launcher.launch(request()), { code: 'ENCLAVE_START_FAILED', message: /300 ms/ });
    assert.deepEqual(folders(), []);
  });

  test('is cancelled before and during its start', async (t) => {
    const launcher = made(t, 'silent');
    await assert.rejects(launcher.launch(request({ signal: AbortSignal.abort() })), { code: 'GATE_CANCELLED' });
    await assert.rejects(launcher.launch(request({ signal: AbortSignal.timeout(200) })), { code: 'GATE_CANCELLED' });
    assert.deepEqual(folders(), []);
  });
});

describe('a launch in Gramine', () => {
  const bad = Uint8Array.from(signature, (byte, i) => (i === 1000 ? byte ^ 1 : byte));
  const refused: readonly [what: string, changes: Partial<LaunchRequest>, code: string][] = [
    ['of an image that the manifest does not name', { image: utf8('another') }, 'LAUNCH_MEASUREMENT_MISMATCH'],
    ['in debug mode of a production signature', { debug: true }, 'LAUNCH_DEBUG_REFUSED'],
    ['in production mode of a debug signature', { signature: debugSignature }, 'LAUNCH_DEBUG_REFUSED'],
    ['with a broken signature', { signature: bad }, 'SIGSTRUCT_INVALID'],
    ['with no signature', { signature: sigstructToSign(fields).slice(1) }, 'SIGSTRUCT_INVALID'],
    ['with an inspector', { inspector: true }, 'TEE_CAPABILITY_MISSING'],
    ['in strict isolation', { isolation: 'strict' }, 'ISOLATION_UNAVAILABLE'],
  ];
  for (const [what, changes, code] of refused) {
    test(`${what} is refused`, async (t) => {
      await assert.rejects(made(t).launch(request(changes)), { code });
      assert.deepEqual(folders(), []);
    });
  }

  test('without Gramine is refused, and nothing else is started', async (t) => {
    const launcher = made(t, 'serve', { command: 'gramine-sgx-that-is-not-there' });
    await assert.rejects(launcher.launch(request()), { code: 'TEE_DEVICE_MISSING' });
    assert.deepEqual(folders(), []);
  });
});
