import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { connect } from 'node:tls';
import { after, before, describe, test } from 'node:test';
import { outcome, until } from '@enclos/process-kit';
import { descriptorCount } from '@enclos/process-kit/processes/process-watch';
import { decodePassageNotice, type PassageNotice } from '@enclos/tee/passage';
import { compilerAbsence } from '../../src/native/machine.ts';
import { createPassedScene, frameOf, type PassedEnclave, type PassedScene } from '../../src/native/passed-scene.ts';
import type { DescriptorKind, Passer } from '../../src/native/passer.ts';

/** What becomes, in a real enclave, of what a program passes that keeps no rules. */
describe('a hostile host', { skip: compilerAbsence }, () => {
  let scene: PassedScene;
  /** Another enclave of the same platform, which nothing that happens to the first may touch. */
  let neighbour: PassedEnclave;
  let asked = 0;
  before(async () => {
    scene = await createPassedScene();
    neighbour = await listening(await scene.launch());
  });
  after(async () => {
    await neighbour.close();
    await scene.close();
  });

  const noticeOf = async (enclave: PassedEnclave): Promise<PassageNotice> =>
    decodePassageNotice(await enclave.notice());

  /** The first of two passed listeners has half of the connections. */
  async function listening(enclave: PassedEnclave): Promise<PassedEnclave> {
    await enclave.call.serve({ listener: 'first', manner: 'echo' });
    assert.deepEqual(await noticeOf(enclave), { kind: 'grant', listener: 0, count: 128 });
    return enclave;
  }

  async function withEnclave(use: (enclave: PassedEnclave) => Promise<void>): Promise<void> {
    const enclave = await scene.launch();
    try {
      await use(await listening(enclave));
    } finally {
      await enclave.close();
    }
  }

  async function echoes(peer: Socket): Promise<void> {
    peer.write('echo');
    const [answer] = (await once(peer, 'data')) as [Buffer];
    assert.equal(answer.toString(), 'echo');
  }

  /** It serves one more connection, and a call. */
  async function serves(enclave: PassedEnclave): Promise<void> {
    asked += 1;
    await enclave.passer.send('tcp', frameOf({ stream: 1_000_000 + asked }));
    const peer = await enclave.peer();
    await echoes(peer);
    peer.destroy();
    assert.equal(await enclave.call.ask(), '');
  }

  async function assertEnds(enclave: PassedEnclave, detail?: RegExp): Promise<void> {
    const exit = await enclave.launched.exited;
    if (detail !== undefined) assert.match(exit.detail, detail);
    assert.notEqual(exit.exitCode, 0);
    assert.equal(await outcome(enclave.call.ask()), 'ENCLAVE_LOST');
    await serves(neighbour);
  }

  const brokeRules = /its host broke the rules of the passage/;

  test('that passes connections has them served', () =>
    withEnclave(async (enclave) => {
      for (const stream of [1, 2, 0xffff_ffff]) {
        await enclave.passer.send('tcp', frameOf({ stream }));
        await echoes(await enclave.peer());
      }
      assert.equal((await enclave.call.counts()).accepted, 3);
    }));

  const closed: readonly DescriptorKind[] = ['listening', 'unconnected', 'unix', 'fifo', 'fifo-out'];
  for (const kind of closed) {
    test(`that passes ${kind} passes nothing`, () =>
      withEnclave(async (enclave) => {
        const open = descriptorCount(enclave.processId);
        await enclave.passer.send(kind, frameOf({ stream: 7 }));
        assert.deepEqual(await noticeOf(enclave), {
          kind: 'accepted-ended',
          stream: 7,
          bytesRead: 0n,
          bytesWritten: 0n,
        });
        assert.equal(descriptorCount(enclave.processId), open);
        assert.equal((await enclave.call.counts()).accepted, 0);
        await serves(enclave);
      }));
  }

  /** An assertion of the interpreter; or no handle of it, which is as if no descriptor had come. */
  const ending: readonly DescriptorKind[] = [
    'udp',
    'connected-udp',
    'file',
    'memory',
    'tty',
    'null',
    'sequence',
    'unix-datagram',
    'raw',
    'netlink',
    'folder',
    'path',
    'epoll',
    'event',
    'process',
  ];
  for (const kind of ending) {
    test(`that passes ${kind} ends its own enclave alone`, (t) =>
      withEnclave(async (enclave) => {
        try {
          await enclave.passer.send(kind, frameOf());
        } catch (error) {
          // What another user than root cannot make.
          if (process.getuid?.() === 0) throw error;
          t.skip(String(error));
          return;
        }
        await assertEnds(enclave);
      }));
  }

  const messages: Readonly<Record<string, (passer: Passer) => Promise<unknown>>> = {
    'a frame without a descriptor': (passer) => passer.write(frameOf()),
    'a short frame': (passer) => passer.send('tcp', frameOf().subarray(1)),
    'a long frame': (passer) => passer.send('tcp', Uint8Array.of(...frameOf(), 0)),
    'a frame in two parts': async (passer) => {
      await passer.send('tcp', frameOf().subarray(0, 4));
      await passer.write(frameOf().subarray(4));
    },
    'a kilobyte with a descriptor': (passer) => passer.send('tcp', new Uint8Array(1000)),
  };
  for (const [what, send] of Object.entries(messages)) {
    test(`that sends ${what} ends its own enclave alone`, () =>
      withEnclave(async (enclave) => {
        await send(enclave.passer);
        await assertEnds(enclave, brokeRules);
      }));
  }

  const frames: Readonly<Record<string, Uint8Array>> = {
    'of an unknown kind': Uint8Array.of(3, 0, 0, 0, 1, 0, 0, 0),
    'with a byte that must be zero': Uint8Array.of(1, 0, 1, 0, 1, 0, 0, 0),
    'with the number 0': Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0),
    'of a listener that is not declared': frameOf({ listener: 2 }),
    'of a listener beyond all': frameOf({ listener: 255 }),
    'of a listener that does not listen': frameOf({ listener: 1 }),
    'of a connection that was asked for, with a listener': Uint8Array.of(2, 1, 0, 0, 1, 0, 0, 0),
  };
  for (const [what, bytes] of Object.entries(frames)) {
    test(`that passes a connection ${what} ends its own enclave alone`, () =>
      withEnclave(async (enclave) => {
        await enclave.passer.send('tcp', bytes);
        await assertEnds(enclave);
      }));
  }

  test('that uses a number twice ends its own enclave alone, and may use one again that has ended', () =>
    withEnclave(async (enclave) => {
      for (let round = 0; round < 2; round += 1) {
        await enclave.passer.send('tcp', frameOf({ stream: 5 }));
        const peer = await enclave.peer();
        await echoes(peer);
        peer.end();
        assert.equal((await noticeOf(enclave)).kind, 'accepted-ended');
      }
      await enclave.passer.send('tcp', frameOf({ stream: 5 }));
      await enclave.passer.send('tcp', frameOf({ stream: 5 }));
      await assertEnds(enclave);
    }));

  test('that passes as many connections as it has credit for has them served, and one more ends its own enclave alone', () =>
    withEnclave(async (enclave) => {
      const peers: Socket[] = [];
      for (let stream = 1; stream <= 128; stream += 1) {
        await enclave.passer.send('tcp', frameOf({ stream }));
        peers.push(await enclave.peer());
      }
      await Promise.all(peers.map(echoes));
      // The other listener has its own credit.
      await enclave.call.serve({ listener: 'second', manner: 'echo' });
      assert.deepEqual(await noticeOf(enclave), { kind: 'grant', listener: 1, count: 128 });
      await enclave.passer.send('tcp', frameOf({ listener: 1, stream: 500 }));
      await echoes(await enclave.peer());
      await enclave.passer.send('tcp', frameOf({ stream: 129 }));
      await assertEnds(enclave);
    }));

  test('that passes before anything listens waits until something does', async () => {
    const enclave = await scene.launch();
    try {
      await enclave.passer.send('tcp', frameOf());
      assert.equal((await enclave.call.counts()).accepted, 0);
      await listening(enclave);
      await echoes(await enclave.peer());
    } finally {
      await enclave.close();
    }
  });

  test('that passes what was not asked for passes nothing', () =>
    withEnclave(async (enclave) => {
      const open = descriptorCount(enclave.processId);
      const copy = await enclave.passer.send('tcp', frameOf({ kind: 'connected', stream: 9 }));
      await enclave.passer.use('drop', copy);
      const peer = await enclave.peer();
      await once(peer.resume(), 'end');
      peer.destroy();
      await serves(enclave);
      await until('it is closed', () => descriptorCount(enclave.processId) <= open);
    }));

  test('that sends several descriptors in a message gives those that are left to the frames that follow', () =>
    withEnclave(async (enclave) => {
      await enclave.passer.send('tcp', frameOf({ stream: 1 }), 2);
      await enclave.passer.write(frameOf({ stream: 2 }));
      await echoes(await enclave.peer());
      await echoes(await enclave.peer());
      await enclave.passer.write(frameOf({ stream: 3 }));
      await assertEnds(enclave, brokeRules);
    }));

  test('that floods its enclave with descriptors fills no more than its limit, and touches no other', () =>
    withEnclave(async (enclave) => {
      const copy = await enclave.passer.send('listening', frameOf({ stream: 1000 }));
      for (let stream = 1; stream <= 64; stream += 1) {
        await enclave.passer.again(copy, 200, frameOf({ stream }));
      }
      const open = (): number => descriptorCount(enclave.processId);
      await until('it is full', () => open() > 1000);
      assert.equal(await enclave.call.ask(), '');
      await serves(neighbour);
      assert.ok(open() <= 1024, `${open()} descriptors`);
    }));

  test('that closes the passage ends its own enclave', () =>
    withEnclave(async (enclave) => {
      enclave.passer.close();
      const { detail } = await enclave.launched.exited;
      assert.match(detail, /ended with its host/);
      await serves(neighbour);
    }));

  describe('that keeps a copy of a connection', () => {
    /** A connection of an enclave that does with it what its manner says, and the number of the copy. */
    async function withCopy(
      manner: 'echo' | 'flood' | 'hold' | 'tls',
      use: (enclave: PassedEnclave, peer: Socket, copy: number) => Promise<void>,
    ): Promise<void> {
      const enclave = await scene.launch();
      try {
        await enclave.call.serve({ listener: 'first', manner });
        await enclave.notice();
        const copy = await enclave.passer.send('tcp', frameOf());
        const peer = await enclave.peer();
        await use(enclave, peer, copy);
        await serves(neighbour);
      } finally {
        await enclave.close();
      }
    }

    test('and reads from it breaks its TLS', () =>
      withCopy('tls', async (enclave, peer, copy) => {
        const certificate = await enclave.call.certificate();
        const client = connect({ socket: peer, ca: certificate, servername: 'streams.test' });
        await once(client, 'secureConnect');
        await echoes(client);
        const heard: Buffer[] = [];
        client.on('data', (chunk: Buffer) => heard.push(chunk));
        const broken = new Promise<unknown>((resolve) => client.once('error', resolve));
        process.kill(enclave.processId, 'SIGSTOP');
        client.write('taken');
        assert.ok((await enclave.passer.use('read', copy)) > 5);
        client.write('after it');
        process.kill(enclave.processId, 'SIGCONT');
        assert.match(String(await broken), /bad record mac/);
        assert.equal(Buffer.concat(heard).length, 0);
        assert.equal((await noticeOf(enclave)).kind, 'accepted-ended');
      }));

    // The program's sockets block from the beginning: `block` says so once more.
    test('and lets it block stops its own enclave until the peer leaves', () =>
      withCopy('flood', async (enclave, peer, copy) => {
        peer.pause();
        await enclave.passer.use('block', copy);
        const answer = enclave.call.ask();
        await serves(neighbour);
        peer.destroy();
        assert.equal(await answer, '');
      }));

    test('and lets it block can end its enclave', () =>
      withCopy('flood', async (enclave, peer, copy) => {
        peer.pause();
        await enclave.passer.use('block', copy);
        await enclave.launched.terminate();
        assert.equal(await outcome(enclave.call.ask()), 'ENCLAVE_LOST');
      }));

    for (const [how, what] of [
      ['ends writing', 'half'],
      ['ends it', 'whole'],
    ] as const) {
      test(`and ${how} breaks that connection alone`, () =>
        withCopy('echo', async (enclave, peer, copy) => {
          await echoes(peer);
          await enclave.passer.use(what, copy);
          peer.resume().write('late');
          peer.end();
          assert.equal((await noticeOf(enclave)).kind, 'accepted-ended');
          await serves(enclave);
        }));
    }

    // It may as well leave the connection open and say nothing: it is one of those that this listener may have.
    test('and makes a listening socket of it takes that connection alone', () =>
      withCopy('echo', async (enclave, peer, copy) => {
        await echoes(peer);
        const reset = new Promise((resolve) => peer.once('close', resolve));
        await enclave.passer.use('part', copy);
        await reset;
        await serves(enclave);
      }));
  });
});
