import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { test } from 'node:test';
import { decodeValue, encodeValue, string, systemInterface } from '@enclos/edl';
import { isEnclosError } from '@enclos/errors';
import { StreamTable, type StreamPort } from '@enclos/gate';
import { ioCalls } from '@enclos/process-kit/processes/process-watch';
import { goSkip } from './go-program.ts';
import { startProbe, text, type ProbeProcess } from './probe-process.ts';

const Fn = Object.freeze({ dial: 8, dialAndWait: 9 });
const names = Object.keys(systemInterface.untrusted);
const isEnded = Symbol('ended');
const isBroken = Symbol('closed');

/** The host's end of one connection. */
class Connection {
  readonly #arrived: (Uint8Array | typeof isEnded | typeof isBroken)[] = [];
  #wake: () => void = () => undefined;
  #unsent: Uint8Array = new Uint8Array();
  #reads = true;
  readonly port: StreamPort;

  constructor(table: StreamTable, id: number) {
    const add = (what: Uint8Array | typeof isEnded | typeof isBroken): void => {
      this.#arrived.push(what);
      this.#wake();
    };
    this.port = table.open(
      id,
      {
        data: (bytes) => {
          add(bytes.slice());
          if (this.#reads) this.port.grant(0);
        },
        room: () => this.#flush(),
        ended: () => add(isEnded),
        closed: () => add(isBroken),
      },
      () => undefined,
    );
  }

  send(bytes: Uint8Array): void {
    this.#unsent = Buffer.concat([this.#unsent, bytes]);
    this.#flush();
  }

  get unsentBytes(): number {
    return this.#unsent.length;
  }

  /** Grants nothing from now on. */
  stopReading(): void {
    this.#reads = false;
  }

  readOn(): void {
    this.#reads = true;
    this.port.grant(0);
  }

  async next(): Promise<Uint8Array | typeof isEnded | typeof isBroken> {
    for (;;) {
      const first = this.#arrived.shift();
      if (first !== undefined) return first;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  async take(sizeBytes: number): Promise<Buffer> {
    const parts: Uint8Array[] = [];
    for (let size = 0; size < sizeBytes;) {
      const part = await this.next();
      if (!(part instanceof Uint8Array)) throw new Error('The stream ended early.');
      parts.push(part);
      size += part.length;
    }
    return Buffer.concat(parts);
  }

  #flush(): void {
    const sent = this.port.send(this.#unsent);
    this.#unsent = this.#unsent.subarray(sent);
  }
}

interface Host {
  readonly probe: ProbeProcess;
  /** Gives the probe's listener a connection. */
  readonly connect: () => Promise<Connection>;
  /** The next connection that the probe dials. */
  readonly dialled: () => Promise<Connection>;
}

/** A host that opens what the probe asks for. */
async function openHost(): Promise<Host> {
  const table = new StreamTable({
    send: (frame, isRefusal, taken) => probe.gate.stream(frame, isRefusal, taken),
    answersStrangers: true,
  });
  const wanted: ((connection: Connection) => void)[] = [];
  const accepts: (() => Connection)[] = [];
  const dials: Connection[] = [];
  const dialWaits: ((connection: Connection) => void)[] = [];
  const serve = (): void => {
    while (wanted.length > 0 && accepts.length > 0) wanted.shift()?.(accepts.shift()?.() as Connection);
  };
  const probe = await startProbe({
    onStream: (frame) => table.received(frame),
    system: (call) => {
      if (names[call.index] === 'streamAccept') {
        const { stream } = decodeValue(systemInterface.untrusted.streamAccept.parameters, call.payload);
        return new Promise((resolve) => {
          accepts.push(() => {
            resolve(encodeValue(string({ maxBytes: 256 }), '192.0.2.7 4711'));
            return new Connection(table, stream);
          });
          serve();
        });
      }
      const { stream } = decodeValue(systemInterface.untrusted.streamConnect.parameters, call.payload);
      const made = new Connection(table, stream);
      const waits = dialWaits.shift();
      if (waits === undefined) dials.push(made);
      else waits(made);
      return new Uint8Array();
    },
  });
  await probe.start();
  return {
    probe,
    connect: () =>
      new Promise((resolve) => {
        wanted.push(resolve);
        serve();
      }),
    dialled: () =>
      new Promise((resolve) => {
        const made = dials.shift();
        if (made === undefined) dialWaits.push(resolve);
        else resolve(made);
      }),
  };
}

test('a listener echoes many megabytes, and ends after its peer has', { skip: goSkip }, async () => {
  const { probe, connect } = await openHost();
  const sent = randomBytes(8 * 2 ** 20);
  const connection = await connect();
  connection.send(sent);
  assert.deepEqual(await connection.take(sent.length), sent);
  connection.port.end();
  assert.equal(await connection.next(), isEnded);
  assert.equal(await connection.next(), isBroken);
  connection.port.close();
  await probe.close();
});

test('a host that grants nothing stops the writer, and then gets everything', { skip: goSkip }, async () => {
  const { probe, connect } = await openHost();
  const connection = await connect();
  connection.stopReading();
  const sent = randomBytes(2 * 2 ** 20);
  connection.send(sent);
  // 256 KiB come back, 256 KiB wait inside: so not all of the two MiB leaves the host.
  const early = await connection.take(200_000);
  assert.ok(connection.unsentBytes > 2 ** 20);
  connection.readOn();
  assert.deepEqual(Buffer.concat([early, await connection.take(sent.length - early.length)]), sent);
  connection.port.close();
  await probe.close();
});

test('200 connections at once, with small pieces', { skip: goSkip }, async () => {
  const { probe, connect } = await openHost();
  await Promise.all(
    Array.from({ length: 200 }, async (_, i) => {
      const connection = await connect();
      for (let round = 0; round < 20; round++) {
        const piece = Buffer.alloc(100 + i, round);
        connection.send(piece);
        assert.deepEqual(await connection.take(piece.length), piece);
      }
      connection.port.end();
      assert.equal(await connection.next(), isEnded);
      assert.equal(await connection.next(), isBroken);
      connection.port.close();
    }),
  );
  await probe.close();
});

test(
  'pieces of 64 connections that come at once take few reads and writes of the program',
  { skip: goSkip },
  async () => {
    const { probe, connect } = await openHost();
    const connections: Connection[] = [];
    for (let i = 0; i < 64; i++) connections.push(await connect());
    const piece = Buffer.alloc(512, 1);
    const round = async (): Promise<void> => {
      for (const connection of connections) connection.send(piece);
      await Promise.all(connections.map((connection) => connection.take(piece.length)));
    };
    for (let i = 0; i < 5; i++) await round();
    const processId = probe.process.pid ?? 0;
    const before = ioCalls(processId);
    const rounds = 40;
    for (let i = 0; i < rounds; i++) await round();
    const after = ioCalls(processId);
    const calls = (after.reads - before.reads + after.writes - before.writes) / (rounds * connections.length);
    // A write for each frame would be more than one.
    assert.ok(calls < 0.5, `${calls.toFixed(2)} reads and writes for a request`);
    await probe.close();
  },
);

test('a program dials, ends its direction, and reads to the end', { skip: goSkip }, async () => {
  const { probe, dialled } = await openHost();
  const answer = probe.call(Fn.dial, Uint8Array.of(3, ...text('out'), ...text('question')));
  const connection = await dialled();
  assert.equal((await connection.take(8)).toString(), 'question');
  assert.equal(await connection.next(), isEnded);
  connection.send(text('answer'));
  connection.port.end();
  assert.equal(Buffer.from(await answer).toString(), 'answer');
  assert.equal(await connection.next(), isBroken);
  connection.port.close();
  await assert.rejects(probe.call(Fn.dial, Uint8Array.of(4, ...text('none'))), { code: 'STREAM_NOT_DECLARED' });
  await probe.close();
});

test('a reset reaches the reader, and a deadline ends its waiting', { skip: goSkip }, async () => {
  const { probe, dialled } = await openHost();
  const waiting = probe.call(Fn.dialAndWait, Uint8Array.of(20, 0, ...text('out')));
  const first = await dialled();
  assert.equal(Buffer.from(await waiting).toString(), 'deadline');
  assert.equal(await first.next(), isEnded);
  const broken = probe.call(Fn.dialAndWait, Uint8Array.of(0xff, 0xff, ...text('out')));
  const second = await dialled();
  second.port.close();
  await assert.rejects(broken, (error) => isEnclosError(error));
  await probe.close();
});

test('the program ends when its host breaks the rules of streams', { skip: goSkip }, async () => {
  const { probe, connect } = await openHost();
  const connection = await connect();
  connection.port.end();
  connection.port.end();
  await once(probe.process, 'exit');
  assert.equal(await probe.exited, 0);
});
