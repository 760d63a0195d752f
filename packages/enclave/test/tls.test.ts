import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { Duplex } from 'node:stream';
import { test } from 'node:test';
import { connect } from 'node:tls';
import { isEnclosError } from '@enclos/errors';
import { createTlsIdentity, tlsServer } from '../src/index.ts';

const identity = createTlsIdentity('enclave.test');
const failed = (error: unknown): boolean => isEnclosError(error, 'STREAM_HANDSHAKE_FAILED');

/** What is written to the one is read from the other. */
function streamPair(): readonly [Duplex, Duplex] {
  const end = (other: () => Duplex): Duplex =>
    new Duplex({
      read() {},
      write(chunk, _encoding, done) {
        other().push(chunk);
        done();
      },
      final(done) {
        other().push(null);
        done();
      },
    });
  const left: Duplex = end(() => right);
  const right: Duplex = end(() => left);
  return [left, right];
}

test('a certificate names its server, is signed by its own key, and is the key that is to be bound', () => {
  const certificate = new X509Certificate(identity.cert);
  assert.ok(certificate.verify(certificate.publicKey));
  assert.equal(certificate.checkHost('enclave.test'), 'enclave.test');
  assert.equal(certificate.checkHost('other.test'), undefined);
  assert.deepEqual(certificate.publicKey.export({ type: 'spki', format: 'der' }), Buffer.from(identity.publicKey));
  assert.ok(!certificate.ca);
});

test('each identity has a key and a serial number of its own', () => {
  const [a, b] = [identity, createTlsIdentity('enclave.test')].map(({ cert }) => new X509Certificate(cert));
  assert.notEqual(a?.serialNumber, b?.serialNumber);
  assert.notEqual(a?.fingerprint256, b?.fingerprint256);
});

test('a name that is no DNS name is refused', () => {
  for (const name of ['', 'a b', 'ü.test', 'a\0b', 'a'.repeat(65)]) {
    assert.throws(() => createTlsIdentity(name), { code: 'CODEC_OUT_OF_RANGE' });
  }
});

test('a handshake gives both sides a stream that the other end of the connection cannot read', async () => {
  const [inside, outside] = streamPair();
  const wire: Buffer[] = [];
  outside.on('data', (chunk: Buffer) => void wire.push(chunk));
  const accepted = tlsServer(identity)(inside);
  const client = connect({ socket: outside, ca: identity.cert, servername: 'enclave.test' });
  const server = await accepted;
  server.write('a secret of the server');
  const [chunk] = (await once(client, 'data')) as [Buffer];
  assert.equal(chunk.toString(), 'a secret of the server');
  // Each direction ends on its own.
  client.end();
  await once(server.resume(), 'end');
  server.end('the rest');
  const [rest] = (await once(client, 'data')) as [Buffer];
  assert.equal(rest.toString(), 'the rest');
  assert.ok(!Buffer.concat(wire).includes('a secret'));
});

test('bytes that are no handshake, an end and an error are refused, and end the connection', async () => {
  const spoil: readonly ((outside: Duplex, inside: Duplex) => void)[] = [
    (outside) => void outside.write('GET / HTTP/1.1\r\n\r\n'),
    (outside) => void outside.end(),
    (_, inside) => void inside.destroy(new Error('broken')),
    (_, inside) => void inside.destroy(),
  ];
  for (const how of spoil) {
    const [inside, outside] = streamPair();
    const accepted = tlsServer(identity)(inside);
    how(outside, inside);
    await assert.rejects(accepted, failed);
    if (!inside.destroyed) await once(inside, 'close');
  }
});

test('a client that stalls is not waited for longer than that', async () => {
  const [inside] = streamPair();
  await assert.rejects(tlsServer({ ...identity, handshakeTimeoutMs: 20 })(inside), failed);
  if (!inside.destroyed) await once(inside, 'close');
});
