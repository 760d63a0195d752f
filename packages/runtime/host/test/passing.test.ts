import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, test, type TestContext } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { passedFrameText, type PassedFrame } from '@enclos/tee/passage';
import {
  courierPassing,
  discard,
  nativePassing,
  type HeldConnection,
  type Passage,
  type Passing,
} from '@enclos/tee/passing';
import { servePassage, type PassagePeer, type PassageServer } from './passage-peer.ts';

const ways: Readonly<Record<string, () => Passing | undefined>> = {
  native: () => nativePassing(passedFrameText),
  courier: () => courierPassing(passedFrameText),
};

const accepted = (stream: number): PassedFrame => ({ kind: 'accepted', listener: 0, stream });

/** The host's part, and what it was told. */
class Host extends EventEmitter {
  readonly held: HeldConnection[] = [];
  readonly read: Buffer[] = [];
  readonly settled: (readonly [stream: number, error: Error | undefined])[] = [];
  refused = 0;
  ends = 0;
  readonly settle = (frame: PassedFrame, error: Error | undefined): void => {
    this.settled.push([frame.stream, error]);
    this.emit('moved');
  };

  listen(passing: Passing, server: Server): void {
    const arrived = (connection: HeldConnection): void => {
      this.held.push(connection);
      this.emit('moved');
    };
    passing.accept(server, arrived, () => (this.refused += 1));
  }

  open(passing: Passing, path: string): Promise<Passage> {
    return passing.open(path, {
      read: (bytes) => {
        this.read.push(Buffer.from(bytes));
        this.emit('moved');
      },
      ended: () => {
        this.ends += 1;
        this.emit('moved');
      },
    });
  }

  async until(holds: () => boolean): Promise<void> {
    while (!holds()) await once(this, 'moved');
  }

  async connection(): Promise<HeldConnection> {
    await this.until(() => this.held.length > 0);
    const connection = this.held.shift();
    assert.ok(connection);
    return connection;
  }
}

/** What timers would call, which do not run out. The mocked ones of node:test warn in Node 20 and 22. */
function heldTimers(t: TestContext): readonly (() => void)[] {
  const { setTimeout: start } = globalThis;
  const held: (() => void)[] = [];
  t.mock.method(globalThis, 'setTimeout', (end: () => void) => {
    held.push(end);
    return start(() => undefined, 0);
  });
  return held;
}

const openDescriptors = (): number => readdirSync('/proc/self/fd').length;

/** All that the other side sends. The direction to it stays open. */
async function textOf(socket: Socket): Promise<string> {
  let text = '';
  socket.on('data', (chunk) => (text += String(chunk))).resume();
  await once(socket, 'end');
  return text;
}

for (const [name, find] of Object.entries(ways)) {
  describe(`passing connections, the ${name} way`, { timeout: 60_000 }, () => {
    let passing: Passing;
    let host: Host;
    let server: Server;
    let where: PassageServer;
    let passage: Passage;
    let peer: PassagePeer;
    let clients: Socket[];

    beforeEach(async () => {
      const found = find();
      assert.ok(found, 'this Node has it');
      passing = found;
      host = new Host();
      clients = [];
      server = createServer({ allowHalfOpen: true, pauseOnConnect: true }).listen(0, '127.0.0.1');
      await once(server, 'listening');
      host.listen(passing, server);
      where = await servePassage();
      [passage, peer] = await Promise.all([host.open(passing, where.path), where.peer()]);
    });
    afterEach(async () => {
      for (const socket of clients) socket.destroy();
      for (const connection of host.held) discard(connection);
      passage.close();
      await where.close();
      await new Promise((resolve) => server.close(resolve));
    });

    function client(): Socket {
      const { port } = server.address() as AddressInfo;
      const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
      socket.on('error', () => undefined);
      clients.push(socket);
      return socket;
    }

    test('a connection arrives with its frame, its peer and all of its bytes, and this process keeps no copy', async () => {
      const socket = client();
      await once(socket, 'connect');
      const early = 'x'.repeat(100_000);
      socket.end(early);
      const frame: PassedFrame = { kind: 'accepted', listener: 3, stream: 0xfe_dc_ba_98 };
      passage.pass(await host.connection(), frame, host.settle);
      const arrival = await peer.start().next();
      assert.deepEqual(arrival.frame, frame);
      assert.equal(arrival.socket.remotePort, socket.localPort);
      assert.equal(await textOf(arrival.socket), early);
      arrival.socket.end('answer');
      assert.equal(await textOf(socket), 'answer');
      await host.until(() => host.settled.length > 0);
      assert.deepEqual(host.settled, [[frame.stream, undefined]]);
    });

    test('the connection ends when the enclave closes it, though this process had accepted it', async () => {
      const socket = client();
      passage.pass(await host.connection(), accepted(1), host.settle);
      const arrival = await peer.start().next();
      socket.resume();
      arrival.socket.destroy();
      await once(socket, 'end');
    });

    test('300 connections arrive in order, and leave no descriptor behind', async () => {
      const before = openDescriptors();
      peer.start();
      for (let stream = 1; stream <= 300; stream += 1) {
        client();
        passage.pass(await host.connection(), accepted(stream), host.settle);
      }
      await peer.until(() => peer.arrivals.length === 300);
      await host.until(() => host.settled.length === 300);
      const numbers = peer.arrivals.map(({ frame }) => frame.stream);
      assert.deepEqual(
        numbers,
        Array.from({ length: 300 }, (_, i) => i + 1),
      );
      const closed = [...clients, ...peer.arrivals.map(({ socket }) => socket)].map(async (socket) => {
        socket.destroy();
        if (!socket.closed) await once(socket, 'close');
      });
      await Promise.all(closed);
      // What the system still closes is closed with some later turn.
      while (openDescriptors() > before) await turn();
    });

    test('what an enclave does not take waits, and neither a connection nor a byte is lost', async () => {
      const before = openDescriptors();
      for (let stream = 1; stream <= 512; stream += 1) {
        const socket = client();
        // The bytes are there before it is passed.
        await once(socket, 'connect');
        socket.end(`early ${stream}`);
        passage.pass(await host.connection(), accepted(stream), host.settle);
      }
      // A courier has all that the kernel does not take; otherwise they wait in this process.
      const hasMoved = name === 'courier' ? () => openDescriptors() <= before + 512 : () => host.settled.length > 0;
      while (!hasMoved()) await turn();
      peer.start();
      await peer.until(() => peer.arrivals.length === 512);
      await host.until(() => host.settled.length === 512);
      assert.ok(host.settled.every(([, error]) => error === undefined));
      assert.equal(peer.arrivals.at(-1)?.frame.stream, 512);
      const texts = await Promise.all(peer.arrivals.map(({ socket }) => textOf(socket)));
      assert.deepEqual(
        texts,
        peer.arrivals.map(({ frame }) => `early ${frame.stream}`),
      );
    });

    test('notices arrive', async () => {
      peer.start().tell({ kind: 'grant', listener: 2, count: 64 }, { kind: 'withdraw', listener: 2 });
      await host.until(() => Buffer.concat(host.read).length === 48);
      assert.equal(host.ends, 0);
    });

    test('notices are read together after a rest, or when it is ended', async (t) => {
      const rests = heldTimers(t);
      peer.start();
      for (const [round, end] of [() => rests.at(-1)?.(), () => passage.wake()].entries()) {
        const before = Buffer.concat(host.read).length;
        passage.rest();
        peer.tell({ kind: 'grant', listener: 2, count: 64 }, { kind: 'withdraw', listener: 2 });
        // What comes back over the passage later shows that the notices are there.
        client();
        passage.pass(await host.connection(), accepted(round + 1), host.settle);
        await host.until(() => host.settled.length === round + 1);
        assert.equal(Buffer.concat(host.read).length, before);
        end();
        await host.until(() => Buffer.concat(host.read).length === before + 48);
      }
    });

    test('a passage that rests can be closed, and does not read again', async (t) => {
      const rests = heldTimers(t);
      peer.start().tell({ kind: 'withdraw', listener: 2 });
      passage.rest();
      passage.close();
      passage.rest();
      passage.wake();
      for (const end of rests) end();
      await peer.until(() => peer.isEnded);
      assert.deepEqual(host.read, []);
    });

    test('after the end of the enclave it says so once, and closes what is to be passed', async () => {
      peer.start().close();
      await host.until(() => host.ends > 0);
      const socket = client();
      passage.pass(await host.connection(), accepted(1), host.settle);
      socket.resume();
      await once(socket, 'end');
      await host.until(() => host.settled.length > 0);
      assert.match(String(host.settled[0]?.[1]), /EPIPE/);
      assert.equal(host.ends, 1);
    });

    test('connections that wait to be passed are closed with the passage', async () => {
      const sockets: Socket[] = [];
      for (let stream = 1; stream <= 512; stream += 1) {
        sockets.push(client());
        passage.pass(await host.connection(), accepted(stream), host.settle);
      }
      passage.close();
      peer.start();
      await peer.until(() => peer.isEnded);
      await host.until(() => host.settled.length === 512);
      const passed = peer.arrivals.length;
      assert.ok(passed < 512, `${passed} were passed before the kernel took no more`);
      for (const { socket } of peer.arrivals) socket.destroy();
      // None is left open by anybody.
      await Promise.all(
        sockets.map(async (socket) => {
          socket.resume();
          if (!socket.readableEnded && !socket.closed) await Promise.race([once(socket, 'end'), once(socket, 'close')]);
        }),
      );
      assert.equal(host.ends, 0);
    });

    test('a connection that cannot be accepted is counted', () => {
      const { _handle: listening } = server as unknown as { _handle: { onconnection: (status: number) => void } };
      // EMFILE, as libuv says it.
      listening.onconnection(-24);
      assert.equal(host.refused, 1);
    });

    test('what it accepts is kept alive', async () => {
      const socket = client();
      await once(socket, 'connect');
      passage.pass(await host.connection(), accepted(1), host.settle);
      await peer.start().next();
      // proc_pid_net(5): the local and the remote port, in hex, and the kind of timer, of which 2 is that of keep-alive.
      const hex = (port: number): string => port.toString(16).toUpperCase().padStart(4, '0');
      const { port } = server.address() as AddressInfo;
      const ends = new RegExp(`:${hex(port)} \\w+:${hex(socket.localPort ?? 0)} 01 \\w+:\\w+ 02:`);
      assert.match(readFileSync('/proc/self/net/tcp', 'utf8'), ends);
    });

    test('a passage whose path is longer than a socket address can be opened', async () => {
      const long = await servePassage(`${'p'.repeat(80)}.sock`, 'q'.repeat(100));
      try {
        assert.ok(long.path.length > 107);
        const [opened, other] = await Promise.all([host.open(passing, long.path), long.peer()]);
        client();
        opened.pass(await host.connection(), accepted(7), host.settle);
        assert.equal((await other.start().next()).frame.stream, 7);
        opened.close();
      } finally {
        await long.close();
      }
    });

    test('a passage that is not there is an error of the system', async () => {
      await assert.rejects(host.open(passing, `${where.path}.none`), { code: 'ENOENT' });
    });
  });
}
