import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { utf8 } from '@enclos/codec';
import type { EmbeddedPlatform } from '@enclos/software-sgx';
import { hostChannel } from '@enclos/tee';
import { outcome, refusedWith } from '@enclos/process-kit';
import { createLab, enclaveProcesses, type Lab, type WatchedSleeper } from '@enclos/process-kit/processes/lifetime';
import { largeImage } from '@enclos/process-kit/hostile/large-image';
import { connectPeer, connectRaw, ended, frame } from '@enclos/process-kit/hostile/platform-peer';
import {
  descriptorCount,
  isRunning,
  processesWith,
  residentMiB,
  until,
} from '@enclos/process-kit/processes/process-watch';

/** One platform for all: whatever one host or enclave does, the witness of another host goes on. */
let lab: Lab;
let platform: EmbeddedPlatform;
let witness: WatchedSleeper;
before(async () => {
  lab = await createLab();
  platform = await lab.workshop.startPlatform('abused');
  witness = await lab.load(platform);
});
after(() => lab.close());

async function assertUnharmed(): Promise<void> {
  assert.equal(await witness.enclave.call.echo({ text: 'here' }), 'here');
  await platform.describe();
}

const greeting = frame('hello', utf8(hostChannel.describe()));

/** At once, since most of their time they wait. */
describe('rudeness', { concurrency: true }, () => {
  describe('a rude host', { concurrency: true }, () => {
    const rude: readonly [what: string, bytes: readonly Uint8Array[]][] = [
      ['sends what is no frame', [new Uint8Array(4096).fill(0xa5)]],
      ['announces a frame of four gigabytes', [greeting, Uint8Array.of(0xff, 0xff, 0xff, 0xff, 2)]],
      ['speaks another protocol', [frame('hello', utf8('another protocol'))]],
      ['calls before it greets', [frame('call', new Uint8Array())]],
      ['greets twice', [greeting, greeting]],
      ['takes call ids of the platform', [greeting, frame('call', new Uint8Array(), 0, 2)]],
      ['sends a piece larger than any', [greeting, frame('call', new Uint8Array(1024 * 1024 + 64), 3)]],
    ];
    for (const [what, bytes] of rude) {
      test(`that ${what} is cut off`, async () => {
        const socket = await connectRaw(platform.socketPath);
        for (const part of bytes) socket.write(part);
        await ended(socket);
        await assertUnharmed();
      });
    }

    test('that says nothing is cut off after ten seconds', async () => {
      const socket = await connectRaw(platform.socketPath);
      const since = performance.now();
      await ended(socket);
      assert.ok(performance.now() - since > 8000);
      await assertUnharmed();
    });

    test('that never finishes a frame is cut off after thirty seconds', async () => {
      const socket = await connectRaw(platform.socketPath);
      socket.write(greeting);
      socket.write(Uint8Array.of(100, 0, 0, 0, 2));
      const since = performance.now();
      await ended(socket);
      assert.ok(performance.now() - since < 40_000);
      await assertUnharmed();
    });

    test('that never connects to the gate has no enclave after ten seconds', async () => {
      const peer = await connectPeer(platform.socketPath);
      const { enclave, gatePath } = await peer.initialize(lab.signed);
      assert.ok(existsSync(gatePath));
      assert.match((await peer.exited(enclave)).detail, /before it started/);
      assert.ok(!existsSync(gatePath));
      peer.destroy();
    });

    test('that connects to the gate and says nothing has no enclave after thirty seconds', async () => {
      const peer = await connectPeer(platform.socketPath);
      const { enclave, gatePath } = await peer.initialize(lab.signed);
      const gate = await connectRaw(gatePath);
      const since = performance.now();
      assert.match((await peer.exited(enclave)).detail, /ended with its host/);
      assert.ok(performance.now() - since < 40_000);
      await ended(gate);
      peer.destroy();
    });
  });

  describe('a rude enclave', { concurrency: true }, () => {
    const launch = async (rudeness: string) => {
      const environment = [{ name: 'RUDENESS', value: rudeness }];
      const signed = await lab.workshop.signed('hostile', { environment, bootModule: './rude-boot.ts' });
      return platform.launch({ ...signed, debug: false, isolation: 'best' });
    };

    // Its channel is closed before it is killed: a write to that ends it first, at times.
    for (const rudeness of ['garbage', 'otherProtocol', 'hugeFrame', 'largeCall', 'answers', 'silent']) {
      test(`that sends ${rudeness} is ended by its platform`, async () => {
        const { exited, gate } = await launch(rudeness);
        assert.match((await exited).detail, /SIGKILL|ended (?:the enclave )?with code 1\./);
        gate.destroy();
        await assertUnharmed();
      });
    }

    test('that floods its platform takes neither its memory nor its time from others', async () => {
      const flooding = await launch('flood');
      const resident = residentMiB(platform.processId);
      // Each of these is answered while it floods, however slow the machine is.
      for (let echoes = 0; echoes < 20; echoes += 1) await assertUnharmed();
      assert.ok(residentMiB(platform.processId) - resident < 150);
      await flooding.terminate();
      assert.match((await flooding.exited).detail, /SIGKILL/);
      flooding.gate.destroy();
    });
  });
});

describe('a host out of order', () => {
  test('gets an error for each mistake, and may go on', async () => {
    const peer = await connectPeer(platform.socketPath);
    const refused = refusedWith('PLATFORM_UPLOAD_REFUSED');
    const start = { signature: lab.signed.signature, debug: false, isolation: 'best' } as const;
    await assert.rejects(peer.platform.add({ upload: 1, chunk: new Uint8Array(1) }), refused);
    await assert.rejects(peer.platform.initialize({ ...start, upload: 1 }), refused);
    await assert.rejects(peer.platform.create({ imageBytes: 0 }), refused);
    await assert.rejects(peer.platform.create({ imageBytes: 0xffff_ffff }), refused);
    const unfinished = await peer.platform.create({ imageBytes: 10 });
    await assert.rejects(peer.platform.initialize({ ...start, upload: unfinished }), refused);
    const upload = await peer.upload(lab.signed.image);
    const { enclave } = await peer.platform.initialize({ ...start, upload });
    await assert.rejects(peer.platform.initialize({ ...start, upload }), refused);
    await peer.platform.terminate({ enclave });
    await peer.platform.terminate({ enclave });
    await peer.platform.terminate({ enclave: 999n });
    await peer.exited(enclave);
    peer.destroy();
    await assertUnharmed();
  });

  test('cannot end the enclave of another: numbers are of one connection', async () => {
    const peer = await connectPeer(platform.socketPath);
    for (let enclave = 0n; enclave < 64n; enclave += 1n) await peer.platform.terminate({ enclave });
    await assertUnharmed();
    peer.destroy();
  });

  test('that goes in the middle of an upload leaves nothing', async () => {
    const descriptors = descriptorCount(platform.processId);
    const peer = await connectPeer(platform.socketPath);
    const upload = await peer.platform.create({ imageBytes: 2 ** 28 });
    const image = largeImage(13_000);
    for (let i = 0; i < 64; i += 1) {
      await peer.platform.add({ upload, chunk: image.subarray(i * 2 ** 20, (i + 1) * 2 ** 20) });
    }
    peer.destroy();
    await until('the connection is gone', () => descriptorCount(platform.processId) === descriptors);
    await assertUnharmed();
  });

  test('that goes between EINIT and the gate leaves nothing', async () => {
    const descriptors = descriptorCount(platform.processId);
    const peer = await connectPeer(platform.socketPath);
    const processes = enclaveProcesses(platform);
    const { gatePath } = await peer.initialize(lab.signed);
    assert.deepEqual(enclaveProcesses(platform), processes, "an enclave runs from its host's connection on");
    peer.destroy();
    await until('the gate is gone', () => !existsSync(gatePath) && descriptorCount(platform.processId) === descriptors);
    await assertUnharmed();
  });
});

describe('a greedy host', () => {
  test('gets so many launches at once and no more, which leaves room for another, and more when it goes', async () => {
    const descriptors = descriptorCount(platform.processId);
    const peer = await connectPeer(platform.socketPath);
    const codes: string[] = [];
    for (let i = 0; i < 20; i += 1) codes.push(await outcome(peer.initialize(lab.signed)));
    assert.deepEqual(codes, [...Array<string>(16).fill('accepted'), ...Array<string>(4).fill('PLATFORM_BUSY')]);
    const other = await connectPeer(platform.socketPath);
    assert.equal(await outcome(other.initialize(lab.signed)), 'accepted');
    other.destroy();
    peer.destroy();
    await until('its descriptors are back', () => descriptorCount(platform.processId) === descriptors);
    const { enclave } = await lab.load(platform);
    await enclave.dispose();
    await assertUnharmed();
  });

  test('gets so many connections and no more, and leaves room when it goes', async () => {
    const sockets = await Promise.all(Array.from({ length: 300 }, () => connectRaw(platform.socketPath)));
    await until('some are cut off', () => sockets.filter((socket) => socket.closed).length >= 44);
    assert.ok(sockets.filter((socket) => !socket.closed).length <= 256);
    await assertUnharmed();
    for (const socket of sockets) socket.destroy();
    await until('a new host gets in', () => descriptorCount(platform.processId) < 100);
    (await connectPeer(platform.socketPath)).destroy();
  });
});

test('nothing of it is left', async () => {
  await assertUnharmed();
  await witness.enclave.dispose();
  const { processId } = platform;
  await platform.close();
  assert.ok(!isRunning(processId));
  await until('none is left', () => processesWith(lab.marker).length === 0);
  assert.deepEqual(lab.runtimeFolders(), []);
});
