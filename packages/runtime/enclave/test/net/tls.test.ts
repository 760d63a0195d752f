import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { afterEach, describe, test } from 'node:test';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { isEnclosError } from '@enclos/errors';
import { createTlsIdentity, tlsServer, type TlsServerOptions } from '../../src/index.ts';
import { connectionPairs } from './connection-pairs.ts';

const identity = createTlsIdentity('enclave.test');
const failed = (error: unknown): boolean => isEnclosError(error, 'STREAM_HANDSHAKE_FAILED');

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

type Accept = (connection: Duplex) => Promise<TLSSocket>;

interface Handshake {
  readonly client: TLSSocket;
  readonly server: TLSSocket;
  /** A ticket of the session. It comes after the handshake, before or after the first bytes. */
  readonly session: Promise<Buffer>;
}

const leafOf = ({ server }: Handshake): Buffer | undefined => server.getPeerX509Certificate()?.raw;
const raw = ({ cert }: { readonly cert: string }): Buffer => new X509Certificate(cert).raw;

const ends = new Set<Duplex>();
afterEach(() => {
  for (const end of ends) end.destroy();
  ends.clear();
});

for (const [transport, makePair] of Object.entries(connectionPairs)) {
  const pair = async (): Promise<Awaited<ReturnType<typeof makePair>>> => {
    const made = await makePair();
    for (const end of made) ends.add(end);
    return made;
  };

  describe(`on a ${transport} connection`, () => {
    test('a handshake gives both sides a stream that the other end of the connection cannot read', async () => {
      const [inside, outside] = await pair();
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
        const [inside, outside] = await pair();
        const accepted = tlsServer(identity)(inside);
        how(outside, inside);
        await assert.rejects(accepted, failed);
        if (!inside.destroyed) await once(inside, 'close');
      }
    });

    test('a record that the host changed ends the connection with an error', async () => {
      const [inside, outside] = await pair();
      const accepted = tlsServer(identity)(inside);
      const client = connect({ socket: outside, ca: identity.cert, servername: 'enclave.test' });
      client.on('error', () => undefined);
      const server = await accepted;
      const [[error]] = (await Promise.all([
        once(server.resume(), 'error', { signal: AbortSignal.timeout(10_000) }),
        // Application data of TLS 1.2 and 1.3 (RFC 8446, section 5.2).
        new Promise((written) => outside.write(Buffer.from([23, 3, 3, 0, 32, ...new Uint8Array(32)]), written)),
      ])) as unknown as readonly [[Error]];
      assert.match(String(error), /bad record mac/i);
      if (!inside.destroyed) await once(inside, 'close');
    });

    test('a client that stalls is not waited for longer than that', async () => {
      const [inside] = await pair();
      await assert.rejects(tlsServer({ ...identity, handshakeTimeoutMs: 20 })(inside), failed);
      if (!inside.destroyed) await once(inside, 'close');
    });

    /** Both ends, once the client has read something. */
    async function handshake(accept: Accept, options: ConnectionOptions = {}): Promise<Handshake> {
      const [inside, outside] = await pair();
      const accepted = accept(inside);
      const client = connect({ socket: outside, servername: 'enclave.test', rejectUnauthorized: false, ...options });
      client.on('error', () => undefined);
      const session = new Promise<Buffer>((resolve) => client.once('session', resolve));
      const server = await accepted;
      server.write('x');
      await once(client, 'data');
      return { client, server, session };
    }

    test('a client is asked for a certificate only when that is wanted, and may have none', async () => {
      const mine = createTlsIdentity('client.test');
      const requesting = tlsServer({ ...identity, clientCertificates: 'requested' });
      for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
        assert.deepEqual(leafOf(await handshake(requesting, { ...mine, maxVersion })), raw(mine));
        assert.equal(leafOf(await handshake(requesting, { maxVersion })), undefined);
        assert.equal(leafOf(await handshake(tlsServer(identity), { ...mine, maxVersion })), undefined);
      }
    });

    test('a session that is resumed has the certificate that it began with, and no other', async () => {
      const accept = tlsServer({ ...identity, clientCertificates: 'requested' });
      const [mine, other] = [createTlsIdentity('client.test'), createTlsIdentity('other.test')];
      for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
        const first = await handshake(accept, { ...mine, maxVersion });
        const session = await first.session;
        const again = await handshake(accept, { ...other, maxVersion, session });
        assert.ok(again.client.isSessionReused());
        assert.deepEqual(leafOf(again), raw(mine));
      }
    });

    test('a client cannot become another one in the middle of a connection', async () => {
      const accept = tlsServer({ ...identity, clientCertificates: 'requested' });
      const { client, server } = await handshake(accept, {
        ...createTlsIdentity('client.test'),
        maxVersion: 'TLSv1.2',
      });
      const refused = await new Promise((resolve) => {
        client.on('error', resolve).on('close', () => resolve('closed'));
        client.renegotiate({}, (error) => resolve(error ?? undefined));
      });
      assert.ok(refused !== undefined);
      assert.ok(client.destroyed || server.destroyed || refused instanceof Error);
    });

    test('another key is that of the next connections, and those that are there go on', async () => {
      let current: TlsServerOptions = identity;
      const accept = tlsServer(() => current);
      const before = await handshake(accept);
      const session = await before.session;
      const next = createTlsIdentity('enclave.test');
      current = next;
      const behind = await handshake(accept, { session });
      assert.deepEqual(before.client.getPeerX509Certificate()?.raw, raw(identity));
      assert.deepEqual(behind.client.getPeerX509Certificate()?.raw, raw(next));
      // A ticket of before would be the old key's word.
      assert.ok(!behind.client.isSessionReused());
      before.server.write('y');
      assert.equal(String((await once(before.client, 'data'))[0]), 'y');
      // The same object is the same side: sessions go on.
      assert.ok((await handshake(accept, { session: await behind.session })).client.isSessionReused());
    });

    test('options that are none fail the connection that they were asked for, and not the next', async () => {
      let cert = 'no certificate';
      const accept = tlsServer(() => ({ ...identity, cert }));
      const [inside] = await pair();
      await assert.rejects(accept(inside), (error) => !isEnclosError(error));
      cert = identity.cert;
      await handshake(accept);
    });

    test('a protocol inside is agreed on, or the client refused', async () => {
      const accept = tlsServer({ ...identity, alpnProtocols: ['http/1.1'] });
      const { client } = await handshake(accept, { ALPNProtocols: ['h2', 'http/1.1'] });
      assert.equal(client.alpnProtocol, 'http/1.1');
      assert.equal((await handshake(accept)).client.alpnProtocol, false);
      await assert.rejects(handshake(accept, { ALPNProtocols: ['h2'] }), failed);
    });
  });
}
