import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before } from 'node:test';
import { createServer, type Server } from 'node:tls';
import { selfSignedCertificate } from '@enclos/codec/x509';
import { createWorkshop, signedService, startTestService } from '@enclos/process-kit';
import { enclosBin, repository, startProgram, type Ran } from '@enclos/process-kit/processes/programs';
import type { EmbeddedPlatform } from '@enclos/software-sgx';
import { freePort, goIsHere, goTest, tlsKeyPair, until } from '@enclos/testkit';
import { createSamples, printedInReadme, type RunningSample, type SampleOptions, type Samples } from './samples.ts';

/*
 * The samples in Go do what their READMEs say: each is built and run on one platform, and what it prints is compared.
 */

const workshop = createWorkshop();
let platform: EmbeddedPlatform;
let samples: Samples;
const running = new Set<RunningSample>();

before(async () => {
  if (!goIsHere) return;
  platform = await workshop.startPlatform('samples');
  samples = createSamples(workshop, platform);
});
after(async () => {
  for (const each of running) await each.dispose();
  await workshop.close();
});

async function start(project: string, options?: SampleOptions): Promise<RunningSample> {
  const sample = await samples.start(project, options);
  running.add(sample);
  return sample;
}

const enclos = (argv: readonly string[], env: Readonly<Record<string, string>> = {}): ReturnType<typeof startProgram> =>
  startProgram([process.execPath, enclosBin, ...argv], { cwd: samples.folder, env });

const noEnclave = '00'.repeat(32);
const lines = (text: string): readonly string[] => text.trimEnd().split('\n');

goTest('hello-world runs by `enclos go run`, and is the same enclave when it is built elsewhere', async () => {
  const state = join(samples.folder, 'state');
  const words = ['go', 'run', 'hello-world', '--platform', platform.socketPath, '--state', state];
  const { code, stdout, stderr } = await enclos(words).ended;
  assert.equal(code, 0, stderr);
  const [readme = /$^/] = printedInReadme('hello-world');
  assert.match(lines(stdout).toSorted(byReadme).join('\n'), readme);

  const elsewhere = join(samples.folder, 'elsewhere');
  mkdirSync(elsewhere);
  cpSync(join(samples.folder, 'go.mod'), join(elsewhere, 'go.mod'));
  cpSync(join(samples.folder, 'hello-world'), join(elsewhere, 'hello-world'), {
    recursive: true,
    filter: (path) => !path.endsWith('/.enclos'),
  });
  const built = await enclos(['go', 'build', 'elsewhere/hello-world', '--json']).ended;
  assert.equal(built.code, 0, built.stderr);
  const image = readFileSync(join(samples.folder, 'hello-world/.enclos/hello-world.sgxs'));
  const { mrEnclave } = JSON.parse(built.stdout) as { readonly mrEnclave: string };
  assert.equal(mrEnclave, createHash('sha256').update(image).digest('hex'));
});

/** The order of the lines is that of the goroutines: the README shows one of them. */
function byReadme(a: string, b: string): number {
  const rank = (line: string): string => line.replace(/^(\D*) (\d)$/, '$2$1');
  if (a.startsWith('Hello')) return -1;
  return b.startsWith('Hello') ? 1 : rank(a).localeCompare(rank(b));
}

goTest(
  'remote-attestation: a client outside sends its secret to the enclave of its policy, and to no other',
  async () => {
    const [ready = /$^/, said = /$^/, got = /$^/] = printedInReadme('remote-attestation');
    const [server, client] = [
      await start('remote-attestation/server', { ready: 'listening at port 8080' }),
      await samples.client('remote-attestation'),
    ];
    assert.match(server.lines.join('\n'), ready);
    const where = ['-server', server.address('clients')];
    const stranger = await samples.ask(client, noEnclave, where);
    assert.deepEqual([stranger.code, stranger.stdout], [1, '']);
    assert.match(stranger.stderr, /APPRAISAL_REFUSED/);
    assert.equal(server.lines.length, 1);
    const { code, stdout, stderr } = await samples.ask(client, server.mrEnclave, where);
    assert.equal(code, 0, stderr);
    assert.match(stdout, said);
    assert.ok(stdout.includes(server.mrEnclave));
    await until('the server has the secret', () => got.test(server.lines.join('\n')));
  },
);

goTest('attested-tls: clients in Go and in TypeScript hear from servers in Go and in TypeScript', async () => {
  const [ready = /$^/, said = /$^/, refused = /$^/] = printedInReadme('attested-tls');
  const [own, client] = await Promise.all([
    start('attested-tls/server', { ready: 'listening at port 12341' }),
    samples.client('attested-tls'),
  ]);
  assert.match(own.lines.join('\n'), ready);
  const run = ['run', join(repository, 'samples/attested-tls'), '--platform', platform.socketPath, '--state', 'state'];
  const typescript = enclos(run, { PORT: '0', COLLATERAL_PORT: '0' });
  const [, port = '', mrEnclave = ''] = await typescript.until(/^127\.0\.0\.1:(\d+), enclave ([0-9a-f]{64})$/m);
  const [, collateralPort = ''] = await typescript.until(/^collateral at port (\d+)$/m);
  const servers = [
    { address: own.address('clients'), mrEnclave: own.mrEnclave, collateral: undefined },
    {
      address: `127.0.0.1:${port}`,
      mrEnclave,
      collateral: `http://127.0.0.1:${collateralPort}/collateral`,
    },
  ];
  for (const [place, server] of servers.entries()) {
    const where = ['-server', server.address];
    for (const heard of [
      await samples.ask(client, server.mrEnclave, where),
      await askInTypeScript(server.address, server.mrEnclave, server.collateral),
    ]) {
      assert.equal(heard.code, 0, heard.stderr);
      assert.match(heard.stdout, said);
      assert.ok(heard.stdout.includes(server.mrEnclave));
    }
    const other = servers[1 - place]?.mrEnclave ?? noEnclave;
    const stranger = await samples.ask(client, other, where);
    assert.deepEqual([stranger.code, stranger.stdout], [1, '']);
    assert.match(stranger.stderr.replace(/^\S+ \S+ /, ''), refused);
  }
  const stranger = await askInTypeScript(own.address('clients'), mrEnclave);
  assert.deepEqual([stranger.code, stranger.stdout], [1, '']);
  assert.match(stranger.stderr, /APPRAISAL_REFUSED/);
  typescript.child.kill('SIGTERM');
  await typescript.ended;
});

/** @param collateral where it is. Default: in a file. */
async function askInTypeScript(address: string, mrEnclave: string, collateral?: string): Promise<Ran> {
  const files = await samples.trust(mrEnclave);
  const program = join(repository, 'samples/attested-tls/dist/src/client.js');
  const env = { SERVER: address, COLLATERAL: collateral ?? files.collateral, ROOTS: files.root, POLICY: files.policy };
  return startProgram([process.execPath, program], { cwd: samples.folder, env }).ended;
}

goTest('local-attestation: two enclaves of one signer meet, and one of another signer is refused', async () => {
  const [ready = /$^/, asked = /$^/, accepted = /$^/] = printedInReadme('local-attestation');
  const server = await start('local-attestation/server', { ready: 'listening at ports 8080 and 8081' });
  assert.match(server.lines.join('\n'), ready);
  const connect = Object.fromEntries(
    ['introductions', 'secure'].map((name) => {
      const [host = '', port = ''] = server.address(name).split(':');
      return [name, { host, port: Number(port) }];
    }),
  );
  const stranger = await start('local-attestation/client', { connect, signer: 'second' });
  assert.equal((await stranger.exited).exitCode, 1);
  assert.match(stranger.lines.at(-1) ?? '', /403 Forbidden$/);
  assert.match(server.lines.at(-1) ?? '', /^refused: enclave [0-9a-f]{64} is not product 26 of this signer$/);
  const client = await start('local-attestation/client', { connect });
  assert.equal((await client.exited).exitCode, 0, client.lines.join('\n'));
  assert.match(client.lines.join('\n'), asked);
  await until('the server says so', () => accepted.test(server.lines.join('\n')));
});

goTest('embedded-file: a web server is believed by the authorities in the image alone', async () => {
  const [page = /$^/] = printedInReadme('embedded-file');
  const [known, unknown] = ['example.com', 'example.com'].map((name) => tlsKeyPair(selfSignedCertificate, name));
  assert.ok(known !== undefined && unknown !== undefined);
  const build = join(samples.folder, 'embedded-file/.enclos');
  mkdirSync(build, { recursive: true });
  writeFileSync(join(build, 'authorities.pem'), known.cert);
  for (const [pair, exitCode, said] of [
    [known, 0, page],
    [unknown, 1, /certificate signed by unknown authority/],
  ] as const) {
    const web = await webServer(pair);
    // A server that listens on TCP has an address of this form.
    const { port } = web.address() as AddressInfo;
    const sample = await start('embedded-file', { connect: { web: { host: '127.0.0.1', port } } });
    assert.equal((await sample.exited).exitCode, exitCode, sample.lines.join('\n'));
    assert.match(sample.lines.join('\n'), said);
    web.close();
  }
});

async function webServer(pair: { readonly key: string; readonly cert: string }): Promise<Server> {
  const server = createServer(pair, (socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n'));
  });
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

goTest('file-mount: the count is kept by the host, and opens as the enclave has sealed it', async () => {
  const [said = /$^/] = printedInReadme('file-mount');
  const data = workshop.subfolder('file-mount-data');
  const run = async (): Promise<readonly [number | undefined, string]> => {
    const sample = await start('file-mount', { mounts: { '/data': data } });
    return [(await sample.exited).exitCode, sample.lines.join('\n')];
  };
  const [code, first] = await run();
  assert.match(first, said);
  assert.equal(code, 0);
  assert.match((await run())[1], /^this is start 2$/m);
  const file = join(data, 'starts.sealed');
  const changed = readFileSync(file);
  changed.writeUInt8(changed.readUInt8(changed.length - 1) ^ 1, changed.length - 1);
  writeFileSync(file, changed);
  const [refused, why] = await run();
  assert.equal(refused, 1);
  assert.match(why, /SEAL_NOT_OPENED/);
});

goTest('azure-attestation: the client believes the token of its service, about the enclave that it wants', async () => {
  const [got = /$^/, said = /$^/] = printedInReadme('azure-attestation');
  const port = await freePort();
  const service = await startTestService({
    signed: await signedService(workshop),
    launcher: platform,
    folder: workshop.subfolder('attestation'),
    port,
  });
  const authority = join(samples.folder, 'attestation.pem');
  writeFileSync(authority, service.certificate);
  // As the README says for another service: its address is measured.
  const settings = join(samples.folder, 'azure-attestation/server/enclave.json');
  writeFileSync(settings, readFileSync(settings, 'utf8').replaceAll('8443', `${port}`));
  const [server, client] = await Promise.all([
    start('azure-attestation/server', { ready: 'listening at port 8080' }),
    samples.client('azure-attestation'),
  ]);
  assert.match(server.lines.join('\n'), got);
  const words = [
    '-server',
    server.address('clients'),
    '-service',
    `https://localhost:${port}`,
    '-authority',
    authority,
  ];
  const ask = (wanted: string): Promise<Ran> =>
    startProgram([client, ...words, '-mrenclave', wanted], { cwd: samples.folder }).ended;
  const stranger = await ask(noEnclave);
  assert.deepEqual([stranger.code, stranger.stdout], [1, '']);
  assert.match(stranger.stderr, /which is not the one that is wanted/);
  const { code, stdout, stderr } = await ask(server.mrEnclave);
  assert.equal(code, 0, stderr);
  assert.match(stdout, said);
  await service.running.stop();
});
