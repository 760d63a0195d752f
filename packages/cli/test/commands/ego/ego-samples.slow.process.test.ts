import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, describe, test } from 'node:test';
import { singleUserAdvisory } from '@enclos/software-sgx';
import { goIsHere, goProgram } from '@enclos/testkit';
import { enclos, temporaryFolder } from '../../cli.ts';
import { startCli, type RunningCli } from '../../running-cli.ts';

/*
 * EGo's own samples, from a checkout that ENCLOS_EGO_SAMPLES names: built, signed and run by the commands of their READMEs, with one line
 * more in enclave.json where they need the network. They listen on the ports 8080 and 8081 of this machine.
 */

const given = process.env['ENCLOS_EGO_SAMPLES'];
const skip =
  given === undefined ? 'needs ENCLOS_EGO_SAMPLES, the folder samples of github.com/edgelesssys/ego' : !goIsHere;
const state = temporaryFolder();
const env = { ...process.env, PATH: `${dirname(goProgram)}:${process.env['PATH'] ?? ''}` };
const running: RunningCli[] = [];

afterEach(async () => {
  for (const { child, ended } of running.splice(0)) {
    child.kill();
    await ended;
  }
});

/** A copy of a sample. */
function sample(name: string): string {
  const folder = temporaryFolder();
  cpSync(join(given ?? '', name), folder, { recursive: true });
  return folder;
}

async function ran(argv: readonly string[], cwd: string): Promise<string> {
  // Collateral has to be in force now.
  const outcome = await enclos(argv, { cwd, env, now: () => new Date() });
  assert.equal(outcome.code, 0, `${argv.join(' ')}: ${outcome.stderr}`);
  return outcome.stdout;
}

/** Builds and signs as the README says, with the line that lets the program use the network. */
async function built(folder: string, ...signs: readonly string[]): Promise<void> {
  const path = join(folder, 'enclave.json');
  if (existsSync(path)) writeFileSync(path, readFileSync(path, 'utf8').replace('{', '{ "network": "any",'));
  await ran(['go', 'build'], folder);
  await ran(['ego', 'sign', ...signs], folder);
}

function run(executable: string, cwd: string): RunningCli {
  const cli = startCli(['ego', 'run', '--isolation', 'best', executable], { cwd, state });
  running.push(cli);
  return cli;
}

const starts = String.raw`\[erthost\] loading enclave \.\.\.\n[^]*\[erthost\] entering enclave \.\.\.\n\[ego\] starting application \.\.\.\n`;

/**
 * Runs a client outside, as it is, which trusts the platform of these tests by name. Such a platform is never up to date, because one user
 * runs it alone: a variable names that advisory.
 * @returns what it wrote
 */
async function client(folder: string): Promise<string> {
  await ran(['go', 'build', '--', 'ra_client/client.go'], folder);
  await ran(['platform', 'publish', '--vendor', join(state, 'enclos/vendor'), '--out', 'published'], folder);
  const signer = (await ran(['ego', 'signerid', 'public.pem'], folder)).trim();
  const [collateral = ''] = readdirSync(join(folder, 'published/collateral'));
  const child = spawn(join(folder, 'client'), ['-s', signer], {
    cwd: folder,
    env: {
      ...process.env,
      ENCLOS_EGO_ROOTS: 'published/roots/roots.pem',
      ENCLOS_EGO_COLLATERAL: join('published/collateral', collateral),
      ENCLOS_EGO_ADVISORIES: singleUserAdvisory,
    },
  });
  const said: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes: Buffer) => said.push(bytes));
  await once(child, 'close');
  return String(Buffer.concat(said));
}

describe('samples of EGo', { skip, timeout: 1_200_000 }, () => {
  test('helloworld prints what its README says', async () => {
    const folder = sample('helloworld');
    await built(folder, 'helloworld');
    const cli = run('helloworld', folder);
    assert.equal(await cli.ended, 0, cli.text());
    assert.match(cli.text(), new RegExp(`${starts}(?:(?:hello|world)\n){8,10}`));
  });

  test('embedded_file asks a server over TLS, with the authorities that are in it', async () => {
    const folder = sample('embedded_file');
    await built(folder);
    const cli = run('embedded_file', folder);
    await cli.until(new RegExp(`${starts}Getting https://www\\.edgeless\\.systems/\n`));
  });

  for (const name of ['remote_attestation', 'attested_tls']) {
    test(`${name}: the client outside verifies the server, and sends its secret`, async () => {
      const folder = sample(name);
      await built(folder, 'server');
      const server = run('server', folder);
      await server.until(new RegExp(`${starts}listening \\.\\.\\.\n`));
      assert.match(await client(folder), /Sent secret over attested TLS channel\.\n$/);
      await server.until(/sent secret \[mySecret\]/);
    });
  }

  test('local_attestation: two enclaves attest each other', async () => {
    const folder = sample('local_attestation');
    for (const part of ['server', 'client']) await built(join(folder, part));
    const server = run('server/server', folder);
    await server.until(/listening \.\.\.\n/);
    const peer = run('client/client', folder);
    assert.equal(await peer.ended, 0, peer.text());
    const requests = ['http://localhost:8080/cert', 'http://localhost:8080/report', 'http://localhost:8080/client'];
    for (const url of requests) assert.ok(peer.text().includes(`GET ${url}`), peer.text());
    assert.match(peer.text(), /GET https:\/\/localhost:8081\/ping\nserver responded: pong\n/);
  });

  test('azure_attestation is built and signed; it needs Azure to run', async () => {
    await built(sample('azure_attestation'), 'server');
  });

  test('cgo is refused by Go, and what compiles while it runs by its configuration', async () => {
    const cgo = await enclos(['go', 'build'], { cwd: sample('cgo'), env });
    assert.match(cgo.stderr, /GO_BUILD_FAILED/);
    for (const name of ['wasmer', 'wasmtime']) {
      const signed = await enclos(['ego', 'sign'], { cwd: sample(name), env });
      assert.match(signed.stderr, /executableHeap: no memory of a program becomes executable/);
    }
  });
});
