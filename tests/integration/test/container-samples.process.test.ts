import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { singleUserAdvisory } from '@enclos/software-sgx';
import { enclosBin, repository, startProgram, type Ran, type Running } from '@enclos/process-kit/processes/programs';

const sample = (name: string): string => join(repository, 'samples', name);

/** What docs and manifests run in containers, here as processes. */
describe('samples for containers', () => {
  const folder = mkdtempSync(join(tmpdir(), 'enclos-container-samples-'));
  const env = { XDG_STATE_HOME: join(folder, 'state') };
  const enclos = (...argv: readonly string[]): Running =>
    startProgram([process.execPath, enclosBin, ...argv], { cwd: folder, env });
  after(() => rmSync(folder, { recursive: true, force: true }));

  test('hello-world prints by its host, answers, and ends', async () => {
    const { code, stdout, stderr } = await enclos('run', sample('hello-world'), '--isolation=best').ended;
    assert.equal(code, 0, stderr);
    assert.equal(stdout, 'Enclave called into host to print: Hello World!\nHello world from the enclave\n');
  });

  test("EGo's pod asks for what that one asks for", async () => {
    const image = `registry.example/attested-tls@sha256:${'a'.repeat(64)}`;
    const words = [
      'deploy',
      join(sample('attested-tls'), 'ego-pod'),
      '--profile',
      'aks-sgx',
      '--image',
      image,
      '--print',
    ];
    const { code, stdout, stderr } = await enclos(...words).ended;
    assert.equal(code, 0, stderr);
    assert.match(stdout, /type: LoadBalancer/);
    assert.match(
      stdout,
      /limits:\n +cpu: 500m\n +memory: 384Mi\n +sgx\.intel\.com\/epc: 10Mi\n +sgx\.intel\.com\/provision: "1"/,
    );
    assert.match(stdout, /containerPort: 8080/);
    assert.doesNotMatch(stdout, /aesmd|hostPath/);
  });

  describe('attested-tls', () => {
    let server: Running;
    let settings: Record<string, string> = {};
    let policy: Record<string, unknown> = {};

    const client = (changed: Record<string, unknown> = {}): Promise<Ran> => {
      writeFileSync(join(folder, 'policy.json'), JSON.stringify({ ...policy, ...changed }));
      const program = join(sample('attested-tls'), 'dist/src/client.js');
      return startProgram([process.execPath, program], { cwd: folder, env: settings }).ended;
    };

    before(async () => {
      server = startProgram([process.execPath, enclosBin, 'run', sample('attested-tls'), '--isolation=best'], {
        cwd: folder,
        env: { ...env, PORT: '0', COLLATERAL_PORT: '0' },
      });
      const [, port = '', mrEnclave = ''] = await server.until(/^127\.0\.0\.1:(\d+), enclave ([0-9a-f]{64})$/m);
      const [, collateralPort = ''] = await server.until(/^collateral at port (\d+)$/m);
      const shown = await enclos('platform', 'show', '--root-out', 'root.pem', '--json').ended;
      assert.equal(shown.code, 0, shown.stderr);
      const [fingerprint = ''] = /(?<="rootFingerprint": ?")[0-9a-f]{64}/.exec(shown.stdout) ?? [];
      policy = {
        tee: 'sgx',
        mrEnclave: [mrEnclave],
        productId: 11,
        minimumSecurityVersion: 1,
        acceptedStatuses: ['OK', 'CONFIGURATION_NEEDED'],
        acceptedAdvisoryIds: [singleUserAdvisory],
        intelRoot: false,
        softwareRoots: [fingerprint],
      };
      settings = {
        SERVER: `127.0.0.1:${port}`,
        COLLATERAL: `http://127.0.0.1:${collateralPort}/collateral`,
        ROOTS: join(folder, 'root.pem'),
        POLICY: join(folder, 'policy.json'),
      };
      assert.match(readFileSync(settings['ROOTS'] ?? '', 'utf8'), /BEGIN CERTIFICATE/);
    });
    after(async () => {
      server.child.kill('SIGKILL');
      await server.ended;
    });

    test('the client hears from the enclave that its policy names', async () => {
      const { code, stdout, stderr } = await client();
      assert.equal(code, 0, stderr);
      assert.match(stdout, /^attested \(fresh\): sgx enclave [0-9a-f]{64}, status CONFIGURATION_NEEDED$/m);
      assert.match(stdout, /^The enclave has read: who are you\?$/m);
    });

    test('the client says nothing to another enclave, or on a platform that its policy does not name', async () => {
      for (const changed of [{ mrEnclave: ['00'.repeat(32)] }, { softwareRoots: ['11'.repeat(32)] }]) {
        const { code, stdout, stderr } = await client(changed);
        assert.deepEqual([code, stdout], [1, '']);
        assert.match(stderr, /^✖ (?:APPRAISAL|EVIDENCE)_REFUSED: /);
      }
    });

    test('a client without a setting is told which', async () => {
      const { POLICY: _policy, ...rest } = settings;
      const program = join(sample('attested-tls'), 'dist/src/client.js');
      const { code, stderr } = await startProgram([process.execPath, program], { cwd: folder, env: rest }).ended;
      assert.equal(code, 2);
      assert.match(stderr, /POLICY is not set/);
    });
  });
});
