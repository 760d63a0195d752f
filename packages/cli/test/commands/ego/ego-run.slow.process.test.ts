import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { get, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { before, describe } from 'node:test';
import { fileURLToPath } from 'node:url';
import { goProgram, goTest, goIsHere, until } from '@enclos/testkit';
import { enclos, errorOf, repository, signingKey, temporaryFolder, type Ran } from '../../cli.ts';
import { startCli, type RunningCli } from '../../running-cli.ts';

const sources = fileURLToPath(new URL('../../../../test/commands/ego/program', import.meta.url));
const project = temporaryFolder();
const state = temporaryFolder();
const env = { ...process.env, PATH: `${dirname(goProgram)}:${process.env['PATH'] ?? ''}` };
const least = { exe: 'egolike', key: 'private.pem', debug: true, heapSize: 64, productID: 1, securityVersion: 1 };

/** A folder with the program, an EGo configuration that differs in this, and the key. */
async function signed(config: object, files: Readonly<Record<string, string>> = {}): Promise<string> {
  const folder = temporaryFolder();
  copyFileSync(join(project, 'egolike'), join(folder, 'egolike'));
  const all = { 'enclave.json': JSON.stringify({ ...least, ...config }), 'private.pem': signingKey(), ...files };
  for (const [name, content] of Object.entries(all)) writeFileSync(join(folder, name), content);
  const ran = await enclos(['ego', 'sign'], { cwd: folder });
  assert.equal(ran.code, 0, ran.stderr);
  return folder;
}

function run(folder: string, steps: string): RunningCli {
  const cli = startCli(['ego', 'run', '--isolation', 'best', 'egolike'], {
    cwd: folder,
    state,
    env: { EDG_DO: steps, EDG_MORE: 'more', OTHER: 'other', LANGUAGE: 'de' },
  });
  return cli;
}

async function linesOf(cli: RunningCli): Promise<readonly string[]> {
  assert.equal(await cli.ended, 0, cli.text());
  return cli.text().split('\n');
}

describe('an executable of EGo’s kind', { timeout: 600_000 }, () => {
  before(async () => {
    if (!goIsHere) return;
    cpSync(sources, project, { recursive: true });
    const ran = await enclos(['go', 'build', '--go', goProgram], { cwd: project, env });
    assert.equal(ran.code, 0, ran.stderr);
  });

  goTest(
    'is built under the name that Go gives it, signed with a new configuration, and prints what EGo prints',
    async () => {
      assert.ok(existsSync(join(project, 'egolike')));
      const folder = temporaryFolder();
      copyFileSync(join(project, 'egolike'), join(folder, 'egolike'));
      const ran = await enclos(['ego', 'sign', 'egolike'], { cwd: folder });
      assert.equal(ran.code, 0, ran.stderr);
      assert.match(ran.stderr, /^Generating new enclave\.json\nGenerating new private\.pem$/m);
      assert.deepEqual(JSON.parse(readFileSync(join(folder, 'enclave.json'), 'utf8')), { ...least, heapSize: 512 });
      const id = async (...argv: string[]): Promise<string> => (await enclos(['ego', ...argv], { cwd: folder })).stdout;
      assert.ok(ran.stdout.includes((await id('uniqueid', 'egolike')).trim()));
      for (const key of ['private.pem', 'public.pem']) {
        assert.equal(await id('signerid', 'egolike'), await id('signerid', key));
      }
      const cli = startCli(['ego', 'run', '--isolation', 'best', 'egolike'], { cwd: folder, state });
      assert.equal(await cli.ended, 0, cli.text());
      assert.match(
        cli.text(),
        /^\[erthost\] loading enclave \.\.\.\n(?:SIMULATION .*\n)?\[erthost\] entering enclave \.\.\.\n\[ego\] starting application \.\.\.\nhello\nworld$/m,
      );
    },
  );

  goTest(
    'has variables, arguments, a working folder, embedded files and folders as its configuration says',
    async () => {
      const folder = await signed(
        {
          arguments: ['server', '-v'],
          mounts: [{ source: 'state', target: '/data', type: 'hostfs' }],
          env: [
            { name: 'PWD', value: '/data' },
            { name: 'MODE', value: 'measured' },
            { name: 'LANGUAGE', fromHost: true, value: 'en' },
            { name: 'FALLBACK', fromHost: true, value: 'fallback' },
          ],
          files: [{ source: 'some_file', target: '/path/to/file' }],
        },
        { some_file: 'embedded' },
      );
      mkdirSync(join(folder, 'state'));
      writeFileSync(join(folder, 'state/given.txt'), 'by the host');
      const lines = await linesOf(run(folder, 'variables files'));
      for (const line of [
        `FOLDER /data: this enclave reads and writes ${join(folder, 'state')}`,
        'OE_IS_ENCLAVE 1 true',
        'EDG_MORE more true',
        'OTHER  false',
        'MODE measured true',
        'LANGUAGE de true',
        'FALLBACK fallback true',
        '[egolike server -v]',
        '/data embedded by the host',
      ]) {
        assert.ok(lines.includes(line), `${line}\n${lines.join('\n')}`);
      }
      assert.equal(readFileSync(join(folder, 'state/made.txt'), 'utf8'), 'by the enclave');
    },
  );

  goTest('without a network it is told which lines to add', async () => {
    const lines = await linesOf(run(await signed({}), 'serve=:8080 ask=http://peer.example:81'));
    assert.ok(
      lines.some((line) => line.includes('{ "name": "port-8080", "port": 8080 } to "listen"')),
      lines.join('\n'),
    );
    assert.ok(
      lines.some((line) => line.includes('"host": "peer.example", "port": PORT } to "connect"')),
      lines.join('\n'),
    );
  });

  goTest(
    'with any network it listens where it likes, is refused a port that is taken, and reaches every host',
    async () => {
      const peer = createServer((_request, response) => response.end('the peer')).listen(0);
      await once(peer, 'listening');
      // A TCP server that listens has an address that is not text.
      const { port } = peer.address() as AddressInfo;
      const free = await freePort();
      const folder = await signed({ network: 'any' });
      const cli = run(folder, `ask=http://localhost:${port} serve=:${port} serve=:${free}`);
      await cli.until(/listening\n[^]*listening/);
      // The host opens the port when the program first accepts, which is after it listens.
      await until('the host listens', async () => (await text(`http://127.0.0.1:${free}/there`)) === 'hello /there');
      const lines = await linesOf(cli);
      peer.close();
      assert.ok(lines.includes('answered the peer'), lines.join('\n'));
      assert.ok(
        lines.some((line) => /^serve failed: .*address already in use/.test(line)),
        lines.join('\n'),
      );
      assert.match(cli.text(), /^NETWORK any: /m);
      const inspected = await enclos(['inspect', '.enclos/egolike.sgxs'], { cwd: folder });
      assert.match(inspected.stdout, /network +any .*ANY address/);
    },
  );

  goTest('does not run once a byte of it has changed', async () => {
    const folder = await signed({});
    const file = readFileSync(join(folder, 'egolike'));
    const at = file.indexOf('hello');
    file[at] = (file[at] ?? 0) ^ 1;
    writeFileSync(join(folder, 'egolike'), file);
    const cli = run(folder, '');
    assert.equal(await cli.ended, 3);
    assert.match(cli.text(), /LAUNCH_[A-Z_]+/);
    assert.doesNotMatch(cli.text(), /world/);
  });

  goTest('its bundle runs itself where enclos is in PATH', async () => {
    const folder = await signed({});
    const ran = await enclos(['ego', 'bundle', 'egolike'], { cwd: folder });
    assert.equal(ran.stdout, `Saved bundle as: ${join(folder, 'egolike-bundle')}\n`);
    assert.match(errorOf(await again(folder)).message, /is a bundle already/);
    const bin = temporaryFolder();
    const script = `#!/bin/sh\nexec ${process.execPath} ${join(repository, 'packages/cli/bin/enclos.js')} "$@" --isolation best\n`;
    writeFileSync(join(bin, 'enclos'), script);
    chmodSync(join(bin, 'enclos'), 0o755);
    const child = spawn(join(folder, 'egolike-bundle'), {
      env: { ...process.env, PATH: `${bin}:${process.env['PATH'] ?? ''}`, XDG_STATE_HOME: state },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const said: Buffer[] = [];
    child.stdout.on('data', (bytes: Buffer) => said.push(bytes));
    const code = await once(child, 'close').then(([ended]: unknown[]) => ended);
    assert.deepEqual([code, String(Buffer.concat(said)).endsWith('hello\nworld\n')], [0, true]);
  });

  goTest('a build script builds it in the environment of EGo, and uses Go for everything else', async () => {
    const script = 'go build -o made . && ego-go version && go env GOOS';
    const cli = startCli(['ego', 'env', '--', 'sh', '-c', script], { cwd: project, state, env });
    assert.equal(await cli.ended, 0, cli.text());
    assert.match(cli.text(), /go version go[^]*linux/);
    const built = await enclos(['ego', 'sign', 'made'], { cwd: project });
    assert.equal(built.code, 0, built.stderr);
  });
});

function again(folder: string): Promise<Ran> {
  return enclos(['ego', 'bundle', 'egolike-bundle', '--json'], { cwd: folder });
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  // A TCP server that listens has an address that is not text.
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Undefined where nothing listens. */
function text(url: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const asked = get(url, { agent: false }, (response) => {
      const pieces: Buffer[] = [];
      response.on('data', (piece: Buffer) => pieces.push(piece));
      response.on('end', () => resolve(String(Buffer.concat(pieces))));
    });
    asked.on('error', () => resolve(undefined));
  });
}
