import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { createCaller } from '@enclos/edl';
import { cgroupWords } from '@enclos/isolation';
import { hostChannel, openChannel } from '@enclos/tee';
import { clearGates, type Caller, type HostFolder } from '../../src/platform/host-folder.ts';
import { createHostListeners, type HostListeners } from '../../src/platform/host-listeners.ts';
import { singleHost } from '../../src/platform/host.ts';
import type { PlatformServices } from '../../src/platform/services.ts';
import { temporaryFolder } from '../support.ts';

/** Nothing of it is asked for before a host has said what it wants. */
const services = { companions: {} } as PlatformServices;

function hostOf(t: TestContext, maxConnections = 8): HostListeners {
  const listeners = createHostListeners(services, singleHost(), maxConnections);
  t.after(() => listeners.close());
  return listeners;
}

function folderOf(name = 'one', caller?: () => Promise<Caller>): HostFolder {
  const path = join(temporaryFolder(), name);
  mkdirSync(path);
  return { path, seenAs: '/run/enclos', ...(caller === undefined ? {} : { caller }) };
}

/** Whether the platform keeps the connection, and does not greet a host that says nothing. */
async function isKept(socket: Socket): Promise<boolean> {
  // Not `once`, which takes a reset for a failure of the test.
  const closed = new Promise<boolean>((resolve) => socket.once('close', () => resolve(false)));
  socket.on('error', () => undefined);
  socket.resume();
  return Promise.race([closed, pause(150).then(() => !socket.destroyed)]);
}

describe('a host that is known by its folders', () => {
  test('is each user who can reach a folder, since the socket is open to all', async (t) => {
    const folder = folderOf();
    const path = join(folder.path, 'platform.sock');
    await hostOf(t).listen(path, folder);
    assert.equal(statSync(path).mode & 0o777, 0o666);
    assert.ok(await isKept(connect(path)));
  });

  test('is asked who it is before a byte of it is read, and cut off when that is refused', async (t) => {
    let answer: (caller: Caller | Error) => void = () => undefined;
    let wasRead = false;
    const folder = folderOf(
      'asked',
      () =>
        new Promise<Caller>((resolve, reject) => {
          answer = (caller) => (caller instanceof Error ? reject(caller) : resolve(caller));
        }),
    );
    const path = join(folder.path, 'platform.sock');
    const asking: HostFolder = {
      ...folder,
      caller(connection) {
        connection.once('data', () => (wasRead = true));
        connection.pause();
        return folder.caller?.(connection) ?? Promise.resolve({});
      },
    };
    await hostOf(t).listen(path, asking);
    const refused = connect(path);
    refused.write('something');
    assert.ok(await isKept(refused));
    assert.equal(wasRead, false);
    answer(new Error('nobody'));
    assert.equal(await isKept(refused), false);
    const accepted = connect(path);
    await once(accepted, 'connect');
    await pause(50);
    answer({});
    assert.ok(await isKept(accepted));
  });

  test('whose image is refused is told to the owner of the folder, with who it is', async (t) => {
    const told: [Caller, unknown][] = [];
    const folder = folderOf('refused', async () => ({ cgroups: ['/pods/one'] }));
    const path = join(folder.path, 'platform.sock');
    await hostOf(t).listen(path, { ...folder, refused: (...refusal) => told.push(refusal) });
    const stream = connect(path);
    t.after(() => stream.destroy());
    const endpoint = openChannel({
      stream,
      initiator: true,
      protocol: hostChannel,
      serve: async () => new Uint8Array(),
    });
    await endpoint.ready;
    const platform = createCaller(hostChannel.trusted, (call) =>
      endpoint.invoke(0, call.index, call.payload, { maxResultBytes: call.maxResultBytes }),
    );
    await assert.rejects(platform.create({ imageBytes: 0xffff_ffff }));
    assert.deepEqual(
      told.map(([caller, error]) => [caller, (error as { code?: string }).code]),
      [[{ cgroups: ['/pods/one'] }, 'PLATFORM_UPLOAD_REFUSED']],
    );
  });

  test('has its connections counted over all its folders', async (t) => {
    const host = hostOf(t, 2);
    const folders = [folderOf('a'), folderOf('b')];
    const paths = folders.map(({ path }) => join(path, 'platform.sock'));
    for (const [i, folder] of folders.entries()) await host.listen(paths[i] ?? '', folder);
    const [first, second] = [connect(paths[0] ?? ''), connect(paths[1] ?? '')];
    assert.ok(await isKept(first));
    assert.ok(await isKept(second));
    assert.equal(await isKept(connect(paths[0] ?? '')), false);
    first.destroy();
    await pause(50);
    assert.ok(await isKept(connect(paths[1] ?? '')));
  });

  test('loses the connections of a folder that is taken away, and no others', async (t) => {
    const host = hostOf(t);
    const [one, other] = [folderOf('a'), folderOf('b')];
    const paths = [one, other].map(({ path }) => join(path, 'platform.sock'));
    const listening = await host.listen(paths[0] ?? '', one);
    await host.listen(paths[1] ?? '', other);
    const [gone, stays] = [connect(paths[0] ?? ''), connect(paths[1] ?? '')];
    assert.ok((await isKept(gone)) && (await isKept(stays)));
    await listening.close();
    assert.equal(await isKept(gone), false);
    assert.ok(await isKept(stays));
    assert.ok(!existsSync(paths[0] ?? ''));
  });

  test('gets no folder any more when the platform has ended', async (t) => {
    const host = hostOf(t);
    await host.close();
    const folder = folderOf();
    await assert.rejects(host.listen(join(folder.path, 'platform.sock'), folder), { code: 'PLATFORM_SOCKET_REFUSED' });
  });
});

test('the gates that a killed platform left in a folder are removed, and nothing else is', async () => {
  const folder = folderOf();
  const names = ['g-0123456789abcdef', 'g-0123456789abcdeg', 'g-0123', 'platform.sock', 'theirs'];
  for (const name of names) writeFileSync(join(folder.path, name), '');
  await clearGates(folder);
  assert.deepEqual(readdirSync(folder.path).sort(), names.slice(1).sort());
});

test('an enclave without a cgroup of its own is started as it is, and one with it enters before everything else', () => {
  assert.deepEqual(cgroupWords(), []);
  assert.deepEqual(cgroupWords(["/sys/fs/cgroup/it's $(here)"]), ["j/sys/fs/cgroup/it's $(here)/cgroup.procs"]);
});
