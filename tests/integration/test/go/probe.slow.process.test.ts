import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { request } from 'node:https';
import { connect, createServer as createTcpServer, type AddressInfo } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { createServer, type Server } from 'node:tls';
import { selfSignedCertificate } from '@enclos/codec/x509';
import { runProgram, type RunningProgram } from '@enclos/host';
import type { StreamTransport } from '@enclos/manifest';
import { createWorkshop } from '@enclos/process-kit';
import type { EmbeddedPlatform } from '@enclos/software-sgx';
import { goIsHere, goTest, runFolder, tlsKeyPair, until } from '@enclos/testkit';
import { buildProbe, probeSources } from './build-probe.ts';
import { createProbeHost, probeImage, probeManifest, type ProbeHost } from './probe-host.ts';

const workshop = createWorkshop();
let platform: EmbeddedPlatform;
let program: string;
let tls: Server;

before(async () => {
  if (!goIsHere) return;
  ({ program } = await buildProbe(join(runFolder('go-probe'), 'first')));
  platform = await workshop.startPlatform('go');
  const { key, cert } = tlsKeyPair(selfSignedCertificate, 'peer.example');
  tls = createServer({ key, cert }, (socket) => socket.pipe(socket));
  await new Promise<void>((resolve) => tls.listen(0, '127.0.0.1', resolve));
});
after(async () => {
  tls?.close();
  await workshop.close();
});

/** Names of checks, as the sources have them. */
function checkNames(): readonly string[] {
  const files = readdirSync(probeSources).filter((name) => name.endsWith('.go'));
  const text = files.map((name) => readFileSync(join(probeSources, name), 'utf8')).join('\n');
  return [...text.matchAll(/checks\["([^"]+)"\]/g)].map(([, name = '']) => name).toSorted();
}

const anyPort = { host: '127.0.0.1', port: 0 } as const;

for (const transport of ['relayed', 'passed'] as const satisfies readonly StreamTransport[]) {
  describe(`an unmodified Go program whose connections are ${transport}`, { timeout: 600_000 }, () => {
    const lines: string[] = [];
    let host: ProbeHost;
    let enclave: RunningProgram;

    before(async () => {
      if (!goIsHere) return;
      // A TCP server that listens has an address that is not text.
      host = await createProbeHost(tls.address() as AddressInfo);
      enclave = await runProgram({
        ...probeImage(program, probeManifest(transport)),
        launcher: platform,
        mounts: host.mounts,
        connect: host.connect,
        listen: { https: anyPort, echo: anyPort },
        environment: { FROM_HOST: 'by the host' },
        onLog: (level, text) => lines.push(`${level} ${text}`),
      });
      await until('the checks have ended', () => lines.includes('info serving'), 120_000).catch((error: unknown) => {
        throw new Error(lines.join('\n'), { cause: error });
      });
    });
    after(async () => {
      await enclave?.dispose();
      await host?.close();
    });

    for (const name of checkNames()) {
      goTest(name, () => {
        const said = lines.find((line) => line === `info ok ${name}` || line.startsWith(`info FAIL ${name}: `));
        assert.equal(said, `info ok ${name}`);
      });
    }

    goTest('what it was refused names the line of enclave.json to add, once', () => {
      const warnings = lines.filter((line) => line.startsWith('warn '));
      const has = (text: string): boolean => warnings.some((line) => line.includes(text));
      assert.ok(has('{ "name": "port-9090", "port": 9090 } to "listen"'));
      assert.ok(has('{ "name": "peer", "host": "192.0.2.7", "port": 80 } to "connect"'));
      assert.ok(has('{ "target": "/data", "type": "memfs" } to "mounts"'));
      assert.equal(new Set(warnings).size, warnings.length);
    });

    goTest('what it writes to standard error is a line too', () => {
      assert.ok(lines.includes('info to standard error'));
      assert.ok(lines.includes('info two parts'));
    });

    goTest('its files at the host are whole', () => {
      assert.equal(host.data('out.txt'), 'from the enclave\n');
      assert.equal(host.data('log.txt'), 'one\n');
      assert.equal(host.data('renamed.txt'), 'new');
    });

    goTest('it serves HTTPS on its declared port', async () => {
      assert.equal((await ask('/remote')).toString(), '127.0.0.1');
      assert.equal((await ask('/large')).length, 1 << 20);
      assert.equal((await ask('/count', Buffer.alloc(2 << 20))).toString(), String(2 << 20));
      assert.equal((await ask('/file')).length, 1_000_000);
    });

    goTest('more connections come and go than may be open at once', async () => {
      for (let i = 0; i < 300; i++) assert.equal(await echo(Buffer.from(`${i}`)), `${i}`.length);
    });

    goTest('a half-closed connection gets everything back', async () => {
      assert.equal(await echo(Buffer.alloc(1 << 20)), 1 << 20);
    });

    goTest('a client that goes away ends its request', async () => {
      const gone = request({ ...where('/slow'), rejectUnauthorized: false });
      gone.on('error', () => undefined);
      gone.end();
      await until('it has been asked', () => lines.includes('info client is there'));
      gone.destroy();
      await until('the request has ended', () => lines.includes('info client went away'));
    });

    goTest('its exit code and its last, unfinished line reach the host', async () => {
      assert.equal((await ask('/quit?xxx')).toString(), 'bye');
      assert.equal((await enclave.exited).exitCode, 3);
      await until('the last line is here', () => lines.includes('info unfinished line'));
    });

    function where(path: string): { host: string; port: number; path: string } {
      return { host: '127.0.0.1', port: portOf('https'), path };
    }

    function portOf(name: string): number {
      const listener = enclave.listeners[name];
      assert.ok(listener !== undefined && listener.port !== undefined);
      return listener.port;
    }

    function ask(path: string, body?: Buffer): Promise<Buffer> {
      return new Promise((resolve, reject) => {
        const method = body === undefined ? 'GET' : 'POST';
        const asked = request({ ...where(path), method, rejectUnauthorized: false, agent: false }, (response) => {
          const pieces: Buffer[] = [];
          response.on('data', (piece: Buffer) => pieces.push(piece));
          response.on('end', () => resolve(Buffer.concat(pieces)));
        });
        asked.on('error', reject);
        asked.end(body);
      });
    }

    /** The number of bytes that came back. */
    function echo(bytes: Buffer): Promise<number> {
      return new Promise((resolve, reject) => {
        const socket = connect(portOf('echo'), '127.0.0.1');
        let count = 0;
        socket.on('data', (piece) => (count += piece.length));
        socket.once('error', reject);
        socket.once('close', () => resolve(count));
        socket.end(bytes);
      });
    }
  });
}

goTest('with the network `any`, and only then, a program connects to what it does not declare', async (t) => {
  const manifest = probeManifest('relayed');
  // At every address of this machine, under its name: a loopback address is the program's own.
  const server = createTcpServer((socket) => socket.end());
  t.after(() => server.close());
  await new Promise<void>((resolve) => server.listen(0, resolve));
  // A TCP server that listens has an address that is not text.
  const { port } = server.address() as AddressInfo;
  const dial = async (network: 'declared' | 'any', said: string): Promise<readonly string[]> => {
    const lines: string[] = [];
    const running = await runProgram({
      ...probeImage(program, {
        ...manifest,
        program: { ...manifest.program, network, arguments: [`dial ${hostname()}:${port}`] },
        listen: [],
        connect: [],
        mounts: [],
        environment: [],
      }),
      launcher: platform,
      onLog: (_level, text) => lines.push(text),
    });
    await running.exited;
    // Its last lines may come after its end.
    await until(`the program says: ${said}`, () => lines.some((line) => line.includes(said)));
    return lines;
  };
  await dial('any', 'dialled');
  assert.ok(!(await dial('declared', 'enclave.json declares no such host')).includes('dialled'));
});

test('the probe has at least seventy checks', () => assert.ok(checkNames().length >= 70));
