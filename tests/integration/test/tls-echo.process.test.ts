import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomBytes, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { connect as connectSocket } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { connect, type TLSSocket } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { softwareRoot } from '@enclos/attestation';
import { buildEnclave, loadProject, signEnclave } from '@enclos/build';
import { createTlsIdentity } from '@enclos/enclave';
import {
  attest,
  connectAttested,
  echo,
  loadTlsEcho,
  serverName,
  startInterceptor,
  startRecorder,
  tlsEchoProjectFolder,
  type Address,
  type Attested,
  type EchoTrust,
  type EvidenceSource,
  type TlsEchoEnclave,
} from '@enclos/sample-tls-echo';
import { mrSignerOf } from '@enclos/sgx';
import { publicModulus, sha256 } from '@enclos/sgx/node';
import { openVendor, singleUserAdvisory, stateFolders } from '@enclos/software-sgx';
import { toHex } from '@enclos/codec';
import { createWorkshop, signingKey } from '@enclos/process-kit';

const workshop = createWorkshop();
after(() => workshop.close());

const steps = [
  /^the quote is for this image, and bound to the key of the certificate$/,
  /^the enclave, over TLSv1\.3, echoes "the launch code is 7-4-1-9"$/,
  /^none of them is the text$/,
  /^a host that ends TLS itself is refused in the handshake: DEPTH_ZERO_SELF_SIGNED_CERT$/,
  /^and has seen nothing$/,
  /^a host that passes its own certificate off with the quote is refused: APPRAISAL_REFUSED$/,
];

test('the demo of TLS shows every step, leaves nothing behind and exits with 0', async () => {
  const temporary = workshop.subfolder('demo');
  const demo = fileURLToPath(import.meta.resolve('@enclos/sample-tls-echo/demo'));
  const output = await new Promise<string>((resolve, reject) => {
    const env = { ...process.env, TMPDIR: temporary };
    execFile(process.execPath, [demo], { env }, (error, out, errors) =>
      error === null ? resolve(out) : reject(new Error(errors, { cause: error })),
    );
  });
  const told = output.split('\n').filter((line) => line.includes('✔'));
  assert.equal(told.length, steps.length, output);
  for (const [index, step] of steps.entries()) assert.match(told[index]?.replace('✔', '').trim() ?? '', step);
  assert.deepEqual(readdirSync(temporary), []);
});

/** Sends pieces of all sizes while it reads what comes back; a slow reader begins late. */
async function echoInPieces(socket: TLSSocket, sent: Buffer, isSlow: boolean): Promise<Buffer> {
  const got: Buffer[] = [];
  let missing = sent.length;
  const all = new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.on('data', (chunk: Buffer) => {
      got.push(chunk);
      missing -= chunk.length;
      if (missing === 0) resolve();
    });
    if (!isSlow) return;
    socket.pause();
    setTimeout(() => socket.resume(), 1500);
  });
  for (let at = 0, size = 1; at < sent.length; at += size, size = 1 + ((size * 7919) % 70_000)) {
    if (!socket.write(sent.subarray(at, at + size))) await once(socket, 'drain');
  }
  await all;
  return Buffer.concat(got);
}

describe('the TLS echo server', () => {
  let enclave: TlsEchoEnclave;
  let address: Address;
  let source: EvidenceSource;
  let trust: EchoTrust;
  let attested: Attested;
  before(async () => {
    const key = signingKey('first');
    const project = await loadProject(tlsEchoProjectFolder);
    const { image } = await buildEnclave(project, { outFolder: workshop.subfolder('tls-echo') });
    const platform = await workshop.startPlatform('tls');
    const signature = signEnclave({ image, key, date: new Date('2026-06-01') });
    enclave = await loadTlsEcho({ image, signature, launcher: platform, echo: { port: 0 } });
    const { host = '', port = 0 } = enclave.listeners['echo'] ?? {};
    address = { host, port };
    source = {
      evidence: (args) => enclave.call.evidence(args),
      endorsements: () => platform.endorsements(),
    };
    const { rootPem } = await openVendor(stateFolders(workshop.stateFolder('tls')).vendorFolder);
    const root = await softwareRoot(rootPem);
    const policy = {
      mrSigner: [toHex(mrSignerOf(publicModulus(key), sha256))],
      productId: 9,
      minimumSecurityVersion: 1,
      acceptedStatuses: ['OK', 'CONFIGURATION_NEEDED'],
      acceptedAdvisoryIds: [singleUserAdvisory],
      intelRoot: false,
      softwareRoots: [root.fingerprint],
    } as const;
    trust = { roots: [root], policy };
    attested = await attest(source, trust);
  });
  after(() => enclave.dispose());

  test('serves many attested clients at once', async () => {
    const texts = Array.from({ length: 50 }, (_, i) => `${i} ${'x'.repeat(i * 1000)}`);
    const answers = await Promise.all(
      texts.map(async (text) => {
        const socket = await connectAttested(address, attested);
        const answer = await echo(socket, text);
        socket.destroy();
        return answer;
      }),
    );
    assert.deepEqual(answers, texts);
  });

  test('mixes up nobody’s bytes, however slowly some are read', { timeout: 120_000 }, async () => {
    // All pass through the same memory at the host, and TLS breaks at the first byte that is another one's.
    const clients = Array.from({ length: 24 }, (_, i) => {
      const isSlow = i % 4 === 0;
      // More than the kernel keeps for somebody who does not read.
      return { sent: randomBytes(isSlow ? 12_000_000 : 2_000_000), isSlow };
    });
    const answers = await Promise.all(
      clients.map(async ({ sent, isSlow }) => {
        const socket = await connectAttested(address, attested);
        const answer = await echoInPieces(socket, sent, isSlow);
        socket.destroy();
        return answer.equals(sent);
      }),
    );
    assert.ok(answers.every(Boolean));
  });

  test('shows a relay the certificate at most, and never a text', async () => {
    const relay = await startRecorder(address);
    const socket = await connectAttested(relay.address, attested);
    const text = 'nobody else reads this line';
    assert.equal(await echo(socket, text), text);
    assert.ok(relay.seen().length > 0);
    assert.ok(!relay.seen().includes(text));
    socket.destroy();
    await relay.close();
  });

  test('cannot be played by a host with a key of its own, in whatever way it tries', async () => {
    const own = createTlsIdentity(serverName);
    const interceptor = await startInterceptor(address, own);
    await assert.rejects(connectAttested(interceptor.address, attested), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
    // The attested certificate without its key does not make a server either.
    assert.throws(() => startInterceptor(address, { key: own.key, cert: attested.certificate }), /key values mismatch/);
    const lying: EvidenceSource = {
      ...source,
      evidence: async (args) => ({ ...(await source.evidence(args)), certificate: own.cert }),
    };
    await assert.rejects(attest(lying, trust), { code: 'APPRAISAL_REFUSED' });
    // An answer of yesterday.
    const old = await source.evidence({ nonce: new Uint8Array(32) });
    await assert.rejects(attest({ ...source, evidence: () => Promise.resolve(old) }, trust), {
      code: 'APPRAISAL_REFUSED',
    });
    assert.equal(interceptor.seen().length, 0);
    await interceptor.close();
  });

  test('has another key and another certificate each time', async () => {
    const { subject, subjectAltName, validFrom, validTo } = new X509Certificate(attested.certificate);
    assert.equal(subject, `CN=${serverName}`);
    assert.equal(subjectAltName, `DNS:${serverName}`);
    assert.ok(Date.parse(validFrom) < Date.now() && Date.parse(validTo) > Date.now());
    assert.notEqual(createTlsIdentity(serverName).cert, createTlsIdentity(serverName).cert);
  });

  test('does not speak to a client of a former version of TLS, nor to one that speaks none', async () => {
    const former = connect({
      ...address,
      ca: attested.certificate,
      servername: serverName,
      maxVersion: 'TLSv1.1',
      minVersion: 'TLSv1',
    });
    await assert.rejects(once(former, 'secureConnect'));
    const plain = connectSocket(address).on('error', () => undefined);
    plain.write('hello\r\n\r\n');
    plain.resume();
    await once(plain, 'close');
    const socket = await connectAttested(address, attested);
    assert.equal(await echo(socket, 'still here'), 'still here');
    socket.destroy();
  });
});
