import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { describe, test, type TestContext } from 'node:test';
import { concatBytes, equalBytes, utf8 } from '@enclos/codec';
import fc from 'fast-check';
import { createEnclaveProof, createHostProof, GateMessageBytes } from '../../src/gramine/gate-proof.ts';
import { encodeGateTicket, parseGateTicket, readGateTicket } from '../../src/gramine/gate-ticket.ts';
import { connectGramineGate } from '../../src/gramine/index.ts';
import { listenForGate, type GateListener } from '../../src/gramine-host/gate-listener.ts';

const token = new Uint8Array(32).fill(7);

async function listening(t: TestContext): Promise<GateListener> {
  const listener = await listenForGate(token);
  t.after(async () => {
    listener.close();
    await listener.connected.then((socket) => socket.destroy()).catch(() => undefined);
  });
  return listener;
}

async function stranger(t: TestContext, port: number): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port });
  socket.on('error', () => undefined);
  t.after(() => socket.destroy());
  await once(socket, 'connect');
  return socket;
}

/** However it ends: a reset is an end too. */
function closed(socket: Socket): Promise<void> {
  if (socket.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    socket.resume().once('close', () => resolve());
  });
}

async function received(stream: Duplex): Promise<string> {
  stream.resume();
  const [chunk] = (await once(stream, 'data')) as [Uint8Array];
  return new TextDecoder().decode(chunk);
}

describe('a gate over TCP', () => {
  test('is given to the one who knows the token, and carries both ways from the first byte', async (t) => {
    const listener = await listening(t);
    const inside = await connectGramineGate({ port: listener.port, token });
    const outside = await listener.connected;
    t.after(() => inside.destroy());
    inside.write('from inside');
    outside.write('from outside');
    assert.equal(await received(outside), 'from inside');
    assert.equal(await received(inside), 'from outside');
  });

  test('keeps what the enclave sends at once with its proof', async (t) => {
    const listener = await listening(t);
    const socket = await stranger(t, listener.port);
    const [challenge] = (await once(socket, 'data')) as [Uint8Array];
    const { answer } = createEnclaveProof(token, new Uint8Array(challenge));
    socket.write(concatBytes(answer, utf8('first bytes')));
    assert.equal(await received(await listener.connected), 'first bytes');
  });

  test('is not taken by others, however many wait in silence', async (t) => {
    const listener = await listening(t);
    const silent = await Promise.all(Array.from({ length: 20 }, () => stranger(t, listener.port)));
    const wrong = await stranger(t, listener.port);
    wrong.write(new Uint8Array(GateMessageBytes.answer));
    await closed(wrong);
    const inside = await connectGramineGate({ port: listener.port, token });
    t.after(() => inside.destroy());
    await listener.connected;
    // All others are gone, and no other can come any more.
    await Promise.all(silent.map(closed));
    await assert.rejects(once(connect({ host: '127.0.0.1', port: listener.port }), 'connect'), {
      code: 'ECONNREFUSED',
    });
  });

  test('ends the silent stranger that waited longest when one more comes', async (t) => {
    const listener = await listening(t);
    const first = await stranger(t, listener.port);
    const before = performance.now();
    for (let i = 0; i < 16; i++) await stranger(t, listener.port);
    await closed(first);
    // It was ended to make room, and not because it was silent for too long.
    assert.ok(performance.now() - before < 5000);
  });

  test('cannot be had with an answer to another challenge, or with the host’s own proof', async (t) => {
    const listener = await listening(t);
    const earlier = createHostProof(token);
    const replayed = await stranger(t, listener.port);
    replayed.write(createEnclaveProof(token, earlier.challenge).answer);
    await closed(replayed);
    // What the host says of itself, sent back to it.
    const { answer } = createEnclaveProof(token, earlier.challenge);
    const reflected = concatBytes(answer.subarray(0, 32), earlier.accept(answer));
    assert.throws(() => earlier.accept(reflected), { code: 'TEE_GATE_REFUSED' });
  });

  test('is given to one only', async (t) => {
    const listener = await listening(t);
    const both = await Promise.all([stranger(t, listener.port), stranger(t, listener.port)]);
    for (const socket of both) {
      socket.once('data', (challenge: Uint8Array) => {
        socket.write(createEnclaveProof(token, new Uint8Array(challenge)).answer);
      });
    }
    const outside = await listener.connected;
    const ends = await Promise.all(
      both.map(async (socket) => {
        if (socket.localPort === outside.remotePort) return 'kept';
        await closed(socket);
        return 'closed';
      }),
    );
    assert.deepEqual(ends.toSorted(), ['closed', 'kept']);
  });

  test('that is closed before is cancelled', async (t) => {
    const listener = await listening(t);
    listener.close();
    listener.close();
    await assert.rejects(listener.connected, { code: 'GATE_CANCELLED' });
  });
});

describe('an enclave', () => {
  async function served(t: TestContext, serve: (socket: Socket) => void): Promise<number> {
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      serve(socket);
    });
    t.after(() => server.close());
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as { port: number }).port;
  }

  test('does not take another program for its host', async (t) => {
    let asked = 0;
    const port = await served(t, (socket) => {
      asked++;
      socket.write(createHostProof(new Uint8Array(32)).challenge);
      socket.on('data', () => socket.write(new Uint8Array(GateMessageBytes.confirmation)));
      t.after(() => socket.destroy());
    });
    await assert.rejects(connectGramineGate({ port, token }), { code: 'TEE_GATE_REFUSED' });
    assert.equal(asked, 5);
  });

  test('does not speak to what is not a gate', async (t) => {
    const port = await served(t, (socket) => {
      socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n');
    });
    await assert.rejects(connectGramineGate({ port, token }), { code: 'TEE_PROTOCOL_MISMATCH' });
  });

  test('comes again when its connection is dropped', async (t) => {
    const listener = await listening(t);
    let drops = 2;
    const port = await served(t, (socket) => {
      if (drops-- > 0) return socket.destroy();
      const through = connect({ host: '127.0.0.1', port: listener.port });
      return socket.pipe(through).pipe(socket);
    });
    const inside = await connectGramineGate({ port, token });
    t.after(() => inside.destroy());
    (await listener.connected).write('here');
    assert.equal(await received(inside), 'here');
  });
});

describe('the ticket of a gate', () => {
  test('comes back as it was made', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 65_535 }),
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        (port, secret) => {
          const parsed = parseGateTicket(encodeGateTicket({ port, token: secret }));
          assert.equal(parsed.port, port);
          assert.ok(equalBytes(parsed.token, secret));
        },
      ),
    );
  });

  const good = new TextDecoder().decode(encodeGateTicket({ port: 1, token }));
  for (const text of [
    '',
    good.slice(0, -1),
    `${good}\n`,
    good.replace(' 1 ', ' 0 '),
    good.replace(' 1 ', ' 65536 '),
    good.replace('-1', '-2'),
    good.toUpperCase(),
    ` ${good}`,
  ]) {
    test(`is not ${JSON.stringify(text)}`, () => {
      assert.throws(() => parseGateTicket(utf8(text)), { code: 'TEE_PROTOCOL_MISMATCH' });
    });
  }

  test('is read to the end of the stream, in any pieces, and not for ever', async () => {
    async function* pieces(): AsyncGenerator<Uint8Array> {
      await Promise.resolve();
      for (const byte of utf8(good)) yield Uint8Array.of(byte);
    }
    assert.equal((await readGateTicket(pieces())).port, 1);
    let given = 0;
    async function* endless(): AsyncGenerator<Uint8Array> {
      await Promise.resolve();
      for (;;) {
        given++;
        yield new Uint8Array(65_536);
      }
    }
    await assert.rejects(readGateTicket(endless()), { code: 'TEE_PROTOCOL_MISMATCH' });
    assert.equal(given, 1);
  });
});
