import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { isEnclosError } from '@enclos/errors';
import { createMetrics, loadEnclave, type EnclosLogger, type StreamAddress } from '@enclos/host';
import type { StreamTransport } from '@enclos/manifest';
import type { EmbeddedPlatform } from '@enclos/software-sgx';
import type { Launcher } from '@enclos/tee';
import { createWorkshop, descendants } from '@enclos/process-kit';
import { streams } from '@enclos/process-kit/enclaves/streams';
import { isRunning, until } from '@enclos/process-kit/processes/process-watch';
import { startProgram } from '@enclos/process-kit/processes/programs';

const workshop = createWorkshop();
let platform: EmbeddedPlatform;
before(async () => {
  platform = await workshop.startPlatform('here');
});
after(() => workshop.close());

const open = new Set<Socket>();
afterEach(() => {
  for (const socket of open) socket.destroy();
  open.clear();
});

function client(address: StreamAddress | undefined): Socket {
  const socket = address?.path === undefined ? connect(address?.port ?? 0, '127.0.0.1') : connect(address.path);
  open.add(socket.on('error', () => undefined));
  return socket;
}

/** Sends a word to an enclave that echoes. */
async function echo(address: StreamAddress | undefined): Promise<Socket> {
  const socket = client(address);
  socket.write('word');
  const [bytes] = (await once(socket, 'data')) as [Buffer];
  assert.equal(String(bytes), 'word');
  return socket;
}

/** How a connection ends: the code of its error, or none. */
function codeOfEnd(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    socket.once('error', ({ code = '' }: NodeJS.ErrnoException) => resolve(code));
    socket.once('close', () => resolve(''));
  });
}

interface Loading {
  readonly transport: StreamTransport;
  readonly listen?: Readonly<Record<string, StreamAddress>>;
  readonly launcher?: Launcher;
}

/** An enclave that echoes on its first listener, and what was seen of it. */
async function load({ transport, listen = {}, launcher = platform }: Loading) {
  const said: string[] = [];
  const say = (_fields: unknown, message: string): void => void said.push(message);
  const logger: EnclosLogger = { error: say, warn: say, info: say, debug: say };
  const metrics = createMetrics();
  const enclave = await loadEnclave({
    ...(await workshop.signed('streams', { transport })),
    launcher,
    interface: streams,
    isolation: 'best',
    untrusted: { answer: () => 'answer' },
    listen: { first: { port: 0 }, second: { port: 0 }, ...listen },
    logger,
    instrumentation: metrics,
  });
  await enclave.call.serve({ listener: 'first', manner: 'echo' });
  const opened = (): readonly string[] =>
    metrics
      .render()
      .split('\n')
      .filter((line) => line.startsWith('enclos_connections_open'));
  return { enclave, said, opened };
}

describe('the transport that runs', () => {
  const runs = { relayed: 'relayed', passed: 'passed', either: 'passed' } as const;
  for (const transport of ['relayed', 'passed', 'either'] as const) {
    test(`is in the log and in the metrics, for an entry that is ${transport}`, async () => {
      const { enclave, said, opened } = await load({ transport });
      const { port } = enclave.listeners['first'] ?? {};
      assert.ok(said.includes(`first listens at 127.0.0.1:${port}, ${runs[transport]}.`), said.join('\n'));
      const line = `enclos_connections_open{enclave="streams",stream="first",kind="accepted",transport="${runs[transport]}"}`;
      const socket = await echo(enclave.listeners['first']);
      assert.deepEqual(opened(), [`${line} 1`]);
      socket.end();
      await until('its end is counted', () => opened().includes(`${line} 0`));
      await enclave.dispose();
    });
  }

  test('says why connections are relayed that could have been passed', async () => {
    const relayedWhy = 'this machine lets no socket into an enclave. It got none.';
    const launcher: Launcher = {
      ...platform,
      launch: async (request) => ({ ...(await platform.launch({ ...request, openPassage: undefined })), relayedWhy }),
    };
    const { enclave, said } = await load({ transport: 'either', launcher });
    const { port } = enclave.listeners['first'] ?? {};
    assert.ok(said.includes(`first listens at 127.0.0.1:${port}, relayed: ${relayedWhy}`), said.join('\n'));
    await echo(enclave.listeners['first']);
    await enclave.dispose();
  });

  test('is relayed at a Unix socket, which cannot be passed', async () => {
    const first = { path: join(workshop.subfolder('socket'), 'first.sock') };
    const { enclave, said } = await load({ transport: 'either', listen: { first } });
    assert.ok(said.includes(`first listens at ${first.path}, relayed.`), said.join('\n'));
    await echo(enclave.listeners['first']);
    await enclave.dispose();
    await assert.rejects(load({ transport: 'passed', listen: { first } }), (error) => {
      assert.ok(isEnclosError(error, 'STREAM_TRANSPORT_UNAVAILABLE'));
      assert.match(error.message, /"first" is at a Unix socket: only connections of TCP can be passed/);
      return true;
    });
  });
});

describe('a host whose Node cannot pass connections by itself', () => {
  interface HostProgram {
    readonly child: ReturnType<typeof startProgram>['child'];
    readonly port: number;
    readonly courier: number;
    /** Every process that it started, and those that these started. */
    readonly processes: readonly number[];
  }

  async function start(name: string): Promise<HostProgram> {
    const folder = workshop.subfolder(name);
    const files = [join(folder, 'image'), join(folder, 'signature')] as const;
    const { image, signature } = await workshop.signed('streams', { transport: 'passed' });
    writeFileSync(files[0], image);
    writeFileSync(files[1], signature);
    const program = fileURLToPath(import.meta.resolve('@enclos/process-kit/hosts/streams-program'));
    const withoutBinding = ['--import', 'data:text/javascript,delete process.binding'];
    const words = [process.execPath, ...withoutBinding, program, workshop.stateFolder(name), ...files];
    const host = startProgram(words, { cwd: folder });
    const [line] = await host.until(/^\{.*\}$/m);
    const said = JSON.parse(line) as { readonly platform: number; readonly port: number };
    const all = descendants(host.child.pid ?? 0);
    const ofPlatform = [said.platform, ...descendants(said.platform)];
    const [courier, ...others] = all.filter((id) => !ofPlatform.includes(id));
    assert.ok(courier !== undefined && others.length === 0, 'the host has one other process');
    return { child: host.child, port: said.port, courier, processes: all };
  }

  test('passes them by a courier, which ends with it', async () => {
    const { child, port, processes } = await start('ends');
    const socket = await echo({ port });
    await Promise.all(Array.from({ length: 50 }, async () => (await echo({ port })).destroy()));
    const ended = codeOfEnd(socket);
    child.kill('SIGKILL');
    await ended;
    await until('nothing of it is left', () => !processes.some(isRunning));
  });

  test('loses the enclave with the courier, and closes its port', async () => {
    const { child, port, courier, processes } = await start('loses');
    const socket = await echo({ port });
    const ended = codeOfEnd(socket);
    process.kill(courier, 'SIGKILL');
    await ended;
    for (let code = ''; code !== 'ECONNREFUSED';) code = await codeOfEnd(client({ port }));
    child.kill('SIGKILL');
    await until('nothing of it is left', () => !processes.some(isRunning));
  });
});
