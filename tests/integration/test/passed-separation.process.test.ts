import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync, readlinkSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { signalTo } from '@enclos/testkit';
import { isRunning, until } from '@enclos/process-kit/processes/process-watch';
import {
  attacks,
  createSeparatedSite,
  enclavesOf,
  hostUsers,
  perlAs,
  type SeparatedHost,
  type SeparatedPlatform,
  type SeparatedSite,
} from '@enclos/process-kit/separated/separated';
import { separatedWays, type SeparatedWay } from '@enclos/process-kit/separated/separated-ways';

/** As the loader numbers it. */
const passageDescriptor = 8;
const EPERM = '1';
const mebibyte = 2 ** 20;

/** The sockets that a process holds. */
function socketsOf(processId: number): number {
  const folder = `/proc/${processId}/fd`;
  return readdirSync(folder).filter((name) => readlinkSync(join(folder, name)).startsWith('socket:')).length;
}

/** What an enclave sends back, when both sides end after the last byte. */
async function exchange(port: number, sent: Buffer): Promise<Buffer> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  socket.end(sent);
  const received: Buffer[] = [];
  for await (const chunk of socket) received.push(chunk as Buffer);
  return Buffer.concat(received);
}

/** Opens a connection that is served. @returns what resolves when it is closed */
async function connection(port: number): Promise<{ readonly event: Promise<unknown> }> {
  const client = connect(port, '127.0.0.1').on('error', () => undefined);
  const event = new Promise((resolve) => client.once('close', resolve));
  client.write('x');
  await once(client, 'data');
  return { event };
}

for (const way of await separatedWays()) {
  describe(`connections that a host passes on a separated platform by ${way.way}`, { skip: way.skip }, () =>
    passedBy(way),
  );
}

function passedBy({ way, isChosen }: SeparatedWay): void {
  let site: SeparatedSite;
  let platform: SeparatedPlatform;
  let host: SeparatedHost;
  let other: SeparatedHost;
  let port = 0;

  before(async () => {
    site = await createSeparatedSite(isChosen ? undefined : way);
    const folders = ['--vendor', `${site.state}/vendor`, '--machine', `${site.state}/machine`];
    for (const words of [
      ['platform', 'init', '--state', site.state, '--separated'],
      ['platform', 'enrol', ...folders, '--allow-separated'],
    ]) {
      const { code, text } = site.enclos(...words);
      assert.equal(code, 0, text);
    }
    for (const transport of ['passed', 'relayed'] as const) {
      const { image, signature } = await site.workshop.signed('streams', { transport });
      writeFileSync(join(site.folder, `${transport}.sgxs`), image, { mode: 0o644 });
      writeFileSync(join(site.folder, `${transport}.sig`), signature, { mode: 0o644 });
    }
    platform = await site.serve();
    [host, other] = [await site.host(hostUsers[0]), await site.host(hostUsers[1])];
    for (const each of [host, other]) await each.does('connect', platform.socketOf(each.user));
  });
  after(() => site.close());

  async function listens(by: SeparatedHost, transport: 'passed' | 'relayed'): Promise<number> {
    const files = ['sgxs', 'sig'].map((ending) => join(site.folder, `${transport}.${ending}`));
    return Number(await by.does('listen', ...files));
  }

  test('reach its enclave, which is another user, and are whole in both directions after a half close', async () => {
    port = await listens(host, 'passed');
    const sent = Buffer.alloc(mebibyte, 'passed');
    assert.ok((await exchange(port, sent)).equals(sent));
  });

  test('are sockets of the enclave, beside its gate, its channel and the passage; a relayed enclave has two', async () => {
    const [passed] = enclavesOf(platform);
    assert.ok(passed !== undefined);
    await until('the first connection is closed', () => socketsOf(passed.processId) === 3);
    const client = connect(port, '127.0.0.1');
    client.write('x');
    await once(client, 'data');
    assert.equal(socketsOf(passed.processId), 4);
    client.destroy();
    await until('it is closed', () => socketsOf(passed.processId) === 3);

    const relayed = await listens(other, 'relayed');
    assert.equal(String(await exchange(relayed, Buffer.from('relayed'))), 'relayed');
    const found = enclavesOf(platform).find(({ processId }) => processId !== passed.processId);
    assert.equal(socketsOf(found?.processId ?? 0), 2);
  });

  test('are taken neither by a host, by another enclave, nor by the host that passed them; root could', () => {
    const [enclave, neighbour] = enclavesOf(platform);
    assert.ok(enclave !== undefined && neighbour !== undefined);
    const attack = attacks.takeDescriptor(enclave.processId, passageDescriptor);
    for (const user of [host.user, other.user, neighbour.user]) assert.equal(perlAs(user, attack), EPERM);
    assert.equal(perlAs(0, attack), 'done');
  });

  test('end with the enclave', async () => {
    const closed = await connection(port);
    const [enclave] = enclavesOf(platform);
    signalTo(enclave?.processId, 'SIGKILL');
    await closed.event;
    await host.does('hush');
  });

  test('end with the host', async () => {
    const again = await listens(host, 'passed');
    const closed = await connection(again);
    await host.end();
    await closed.event;
  });

  test('end with the platform', async () => {
    await other.does('hush');
    const again = await listens(other, 'passed');
    const closed = await connection(again);
    const running = enclavesOf(platform);
    await platform.stop('SIGKILL');
    await closed.event;
    await until('no enclave is left', () => running.every(({ processId }) => !isRunning(processId)));
  });
}
