import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readFileSync, readdirSync, symlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { AttestationAdministrationClient, AttestationClient } from '@azure/attestation';
import { toHex } from '@enclos/codec';
import { descendants } from '@enclos/process-kit/processes/processes';
import { enclosBin, repository, startProgram, type Running } from '@enclos/process-kit/processes/programs';
import { isRunning, until } from '@enclos/process-kit/processes/process-watch';
import { callService } from '@enclos/process-kit/attestation/service-calls';
import { listenOnSocket } from '@enclos/tee/unix-socket';
import { freePort } from '@enclos/testkit';
import { createWorkshop, loadClaimant, quoteFor, serviceProjectFolder, type Claimant } from '@enclos/process-kit';

// What docs/how-to/run-an-attestation-service.md says: `enclos run` with --development, and Azure's client.
const workshop = createWorkshop();
const project = join(workshop.folder, 'services/attestation');
const runtimeData = new TextEncoder().encode('a key');

let port: number;
let enclave: Claimant;
const runs: Running[] = [];

before(async () => {
  const isSource = (path: string): boolean =>
    !/^\/(?:dist|\.enclos|node_modules|attestation[-.](?!e|schema))/.test(path.slice(serviceProjectFolder.length));
  mkdirSync(join(workshop.folder, 'services'));
  cpSync(serviceProjectFolder, project, { recursive: true, filter: isSource });
  cpSync(join(repository, 'tsconfig.base.json'), join(workshop.folder, 'tsconfig.base.json'));
  symlinkSync(join(repository, 'node_modules'), join(project, 'node_modules'));
  port = await freePort();
  // Another enclave of the same machine, as if somebody had run a sample there.
  enclave = await loadClaimant(await workshop.signed('claimant'), await workshop.startPlatform('here'));
});
after(async () => {
  for (const { child } of runs) child.kill('SIGKILL');
  await enclave?.dispose();
  await workshop.close();
});

async function run(line = /"event":"tenant"/): Promise<Running> {
  const state = ['--state', workshop.stateFolder('here')];
  const listening = ['--listen', `127.0.0.1:${port}`, '--admin', '127.0.0.1:0'];
  const words = ['run', project, '--isolation', 'best', ...state, '--', '--development', ...listening];
  // Elsewhere than in the folder of the service: its files are there all the same.
  const running = startProgram([process.execPath, enclosBin, ...words], { cwd: workshop.folder });
  runs.push(running);
  await running.until(line);
  return running;
}

const read = (file: string): string => readFileSync(join(project, file), 'utf8');
const clients = () => {
  const tlsOptions = { ca: read('attestation.pem') };
  const credential = {
    getToken: async () => ({ token: read('attestation-token.txt').trim(), expiresOnTimestamp: Date.now() + 3_600_000 }),
  };
  const at = `https://localhost:${port}`;
  return {
    client: new AttestationClient(at, { tlsOptions }),
    manager: new AttestationAdministrationClient(at, credential, { tlsOptions }),
  };
};
const policyOf = (number: number): string =>
  `version=1.0; authorizationrules { => permit(); }; issuancerules { => issue(type="number", value=${number}); };`;

/** That a process and all that it started have ended. */
async function gone(processes: readonly number[]): Promise<void> {
  await until('all processes have ended', () => !processes.some(isRunning));
}

function stopped({ child }: Running, signal: NodeJS.Signals): readonly number[] {
  const processes = descendants(child.pid ?? 0);
  child.kill(signal);
  return processes;
}

/** The host program that a run started. */
function hostOf({ child }: Running): number {
  const found = descendants(child.pid ?? 0).find((id) => {
    const words = readFileSync(`/proc/${id}/cmdline`, 'utf8').split('\0');
    return words.includes('--development');
  });
  assert.ok(found !== undefined);
  return found;
}

test('it comes up with its files in the folder of the service, and Azure’s client attests an enclave of the machine', async () => {
  const running = await run();
  const files = [
    'attestation-audit.log',
    'attestation-store',
    'attestation-token.txt',
    'attestation.json',
    'attestation.pem',
  ];
  const left = readdirSync(project).filter((name) => /^attestation[-.]/.test(name) && !name.endsWith('schema.json'));
  assert.deepEqual(left.sort(), files);
  const { client, manager } = clients();
  const { token, body } = await client.attestSgxEnclave(await quoteFor(enclave, runtimeData), {
    runTimeData: runtimeData,
  });
  assert.equal(body.mrEnclave, toHex(enclave.identity.mrEnclave));
  assert.equal(token.issuer, `https://localhost:${port}`);
  await manager.setPolicy('SgxEnclave', policyOf(1));
  const processes = stopped(running, 'SIGTERM');
  const { code, stderr } = await running.ended;
  assert.equal(code, 0, stderr);
  await gone(processes);
});

test('a second start finds its state, and SIGTERM lets every answer out that it has begun', async () => {
  const running = await run();
  const { manager } = clients();
  assert.equal((await manager.getPolicy('SgxEnclave')).body, policyOf(1));
  const linesBefore = read('attestation-audit.log').trim().split('\n').length;
  const body = { quote: Buffer.from(await quoteFor(enclave, runtimeData)).toString('base64url') };
  const call = { port, ca: read('attestation.pem'), path: '/attest/SgxEnclave?api-version=2022-08-01', body };
  const calls = Array.from({ length: 24 }, () => callService(call));
  await Promise.any(calls);
  const processes = stopped(running, 'SIGTERM');
  const answers = await Promise.allSettled(calls);
  const { code, stderr } = await running.ended;
  assert.equal(code, 0, stderr);
  await gone(processes);
  const answered = answers.filter((each) => each.status === 'fulfilled' && each.value.status === 200).length;
  const attested = read('attestation-audit.log').trim().split('\n').slice(linesBefore);
  assert.equal(attested.filter((line) => line.includes('"ok"')).length, answered, 'what was attested was answered');
  assert.ok(answered > 0);
});

test('a service that waits for its store ends at once when it is told to, and without an error', async () => {
  // As the process that it replaces: that one is alive, and has not let the store go.
  const inUse = createServer((socket) => socket.destroy());
  await listenOnSocket(inUse, join(project, 'attestation-store', 'lock'));
  const running = await run(/"event":"store-in-use"/);
  const begun = performance.now();
  const processes = stopped(running, 'SIGTERM');
  const { code, stdout, stderr } = await running.ended;
  assert.equal(code, 0, stderr);
  assert.match(stdout, /"message":"It was told to end before it served anything\.","event":"told-to-end"/);
  assert.ok(performance.now() - begun < 20_000, 'it waited for the store');
  await gone(processes);
  inUse.close();
});

test('a host that is killed in the middle of changes leaves no process, and a store that opens', async () => {
  const running = await run();
  const { manager } = clients();
  const processes = descendants(running.child.pid ?? 0);
  let acknowledged = 1;
  const changes = (async () => {
    for (let number = 2; ; number += 1) {
      await manager.setPolicy('SgxEnclave', policyOf(number));
      acknowledged = number;
    }
  })().catch(() => undefined);
  await until('some changes are made', () => acknowledged >= 5);
  process.kill(hostOf(running), 'SIGKILL');
  const { code } = await running.ended;
  assert.equal(code, 137);
  await changes;
  await gone(processes);
  const again = await run();
  const { body } = await clients().manager.getPolicy('SgxEnclave');
  assert.ok([policyOf(acknowledged), policyOf(acknowledged + 1)].includes(body), `${acknowledged}: ${body}`);
  // The end of `enclos run` itself takes the platform with it, and so the enclave and its host.
  const others = stopped(again, 'SIGKILL');
  await again.ended;
  await gone(others);
  const last = await run();
  stopped(last, 'SIGTERM');
  assert.equal((await last.ended).code, 0);
});
