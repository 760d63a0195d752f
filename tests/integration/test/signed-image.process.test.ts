import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe } from 'node:test';
import { toHex } from '@enclos/codec';
import { enclosBin, startProgram, type Ran } from '@enclos/process-kit/processes/programs';
import { generateSigningKey } from '@enclos/sgx/node';
import { intelEdl, intelEnclave } from '@enclos/sgx-image-kit';
import { containerTest, createPodman, nativeCompilers, nativeTest } from '@enclos/testkit';

const folder = mkdtempSync(join(tmpdir(), 'enclos-signed-image-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const project = join(folder, 'vault');
const layout = join(project, '.enclos/vault.oci');
const archive = join(folder, 'vault.tar');
const modules = new URL('../../../../node_modules', import.meta.url).pathname;
const podman = createPodman(join(folder, 'podman'));

/** The whole of a host program that a user writes: it listens nowhere, and asks the enclave once. */
const hostProgram = `
import { platformFromEnvironment } from '@enclos/host';
import { loadSgxEnclave } from '@enclos/sgx-host';

const { launcher, isolation } = await platformFromEnvironment();
const enclave = await loadSgxEnclave({
  image: process.env['ENCLOS_IMAGE'] ?? 'vault.signed.so',
  edl: '/app/vault.edl',
  ocalls: { ocall_ask: ({ value }: { value: number }) => value * 2 },
  launcher,
  isolation,
});
console.log(await enclave.ecalls['ecall_ask']?.({ value: 21 }), Buffer.from(enclave.identity.mrEnclave).toString('hex'));
await enclave.dispose();
process.exit(0);
`;

const enclos = (...argv: readonly string[]): Promise<Ran> =>
  startProgram([process.execPath, enclosBin, ...argv], {
    cwd: project,
    env: { XDG_CACHE_HOME: join(folder, 'cache') },
  }).ended;

describe('a signed enclave of another SDK in a container image', () => {
  let mrEnclave = '';
  let built: Record<string, unknown> = {};

  before(async () => {
    if (process.arch !== 'x64' || nativeCompilers.length === 0) return;
    mkdirSync(project);
    symlinkSync(modules, join(project, 'node_modules'));
    const enclave = intelEnclave({ key: generateSigningKey() });
    mrEnclave = toHex(enclave.mrEnclave);
    writeFileSync(join(project, 'vault.signed.so'), enclave.signed);
    writeFileSync(join(project, 'vault.edl'), intelEdl);
    writeFileSync(join(project, 'host.ts'), hostProgram);
    const words = ['--sgx', 'vault.signed.so', '--host', 'host.ts', '--file', 'vault.edl', '--archive', archive];
    const { code, stdout, stderr } = await enclos('image', 'build', ...words, '--json');
    assert.equal(code, 0, stderr);
    built = JSON.parse(stdout) as Record<string, unknown>;
  });

  nativeTest('is verified by its measurement, and deployed with it', async () => {
    const { code, stdout } = await enclos('image', 'verify', layout, '--mrenclave', mrEnclave);
    assert.equal(code, 0);
    assert.match(stdout, /holds the enclave vault\n[^]*SDK +intel/);
    assert.equal((await enclos('image', 'verify', layout, '--mrenclave', '00'.repeat(32))).code, 4);
    const place = ['--image', 'registry.example/vault', '--image-layout', layout];
    const deployed = await enclos('deploy', ...place);
    assert.equal(deployed.code, 0, deployed.stderr);
    const text = readFileSync(join(project, 'deploy/software/vault.yaml'), 'utf8');
    assert.match(text, new RegExp(`dev\\.enclos\\.mrenclave: "?${mrEnclave}"?\n`));
    assert.ok(text.includes(`image: registry.example/vault@${String(built['digest'])}\n`), text);
  });

  containerTest('runs in a container, which has nothing to write but /tmp', async () => {
    const loaded = await podman('load', '--quiet', '--input', archive);
    assert.equal(loaded.code, 0, loaded.stderr);
    const confined = ['--read-only', '--cap-drop', 'all', '--security-opt', 'no-new-privileges', '--network', 'none'];
    const { code, stdout, stderr } = await podman('run', '--rm', ...confined, 'localhost/vault:latest');
    assert.equal(code, 0, stderr);
    assert.equal(stdout.trim(), `42 ${mrEnclave}`);
  });
});
