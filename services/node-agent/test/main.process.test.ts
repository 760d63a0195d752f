import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { until } from '@enclos/testkit';
import { temporaryFolder } from './support.ts';

const bin = fileURLToPath(new URL('../../bin/enclos-node-agent.js', import.meta.url));

function run(...argv: readonly string[]): { readonly code: number | null; readonly out: string; readonly err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [bin, ...argv], { encoding: 'utf8', timeout: 60_000 });
  return { code: status, out: stdout, err: stderr };
}

describe('the agent as a process', () => {
  test('says how it is used', () => {
    const { code, out } = run('--help');
    assert.equal(code, 0);
    assert.match(out, /--enclave-users/);
  });

  test('writes the manifests that run it, and refuses an image without its digest', () => {
    const folder = join(temporaryFolder(), 'manifests');
    const words = ['manifests', '--folder', folder, '--namespace', 'other'];
    const written = run(...words, '--image', `registry.example/agent@sha256:${'1'.repeat(64)}`);
    assert.equal(written.code, 0, written.out);
    assert.match(readFileSync(join(folder, 'daemonset.yaml'), 'utf8'), /namespace: other\n[^]*image: registry.example/);
    const refused = run(...words, '--image', 'registry.example/agent:1');
    assert.equal(refused.code, 2);
    assert.match(refused.out, /--image names an image with its digest: NAME@sha256:HEX\./);
    assert.match(refused.err, /usage: enclos-node-agent manifests --folder DIR --image NAME@sha256:HEX/);
    const elsewhere = run(
      ...words,
      '--image',
      `registry.example/agent@sha256:${'1'.repeat(64)}`,
      '--arch',
      'amd64,s390x',
    );
    assert.equal(elsewhere.code, 2);
    assert.match(elsewhere.out, /--arch is amd64, arm64, or both with a comma between them\./);
    assert.match(run('manifests', '--help').out, /--no-cgroup/);
  });

  test('ends with code 2, the reason and the usage when it does not understand its arguments', () => {
    const { code, out, err } = run('--devices', 'many');
    assert.equal(code, 2);
    assert.match(out, /"code":"AGENT_USAGE"/);
    assert.match(err, /usage: enclos-node-agent/);
  });

  test('ends with the reason and its exit code when it cannot start, and leaves nothing running', () => {
    const folder = temporaryFolder();
    const words = ['--state', join(folder, 'state'), '--runtime', join(folder, 'run'), '--kubelet', folder];
    const { code, out } = run(...words, '--no-hardware', '--cgroup-root', folder, '--metrics', '127.0.0.1:0');
    assert.equal(code, 2);
    assert.match(out, /"code":"AGENT_CGROUP_UNAVAILABLE"/);
    const withoutMachine = run(...words, '--no-hardware', '--no-cgroup', '--cache', join(folder, 'cache'));
    assert.equal(withoutMachine.code, 2);
    assert.match(withoutMachine.out, /"code":"PLATFORM_[A-Z_]+"/);
  });

  test('is found on the node by its name, and its watchdog is not', async (t) => {
    const folder = temporaryFolder();
    const words = ['--devices', '0', '--kubelet', folder, '--device-folder', folder];
    const watchdog = spawn(process.execPath, [bin, ...words], { stdio: 'ignore' });
    t.after(() => watchdog.kill('SIGKILL'));
    const { pid = 0 } = watchdog;
    const commandOf = (id: string | number): string => readFileSync(`/proc/${id}/cmdline`, 'latin1');
    const children = (): string => readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim();
    // Between its fork and its exec a child has the command line of its parent.
    const hasBegun = (child: string): boolean => child !== '' && commandOf(child) !== commandOf(pid);
    await until('the agent runs', () => hasBegun(children()));
    assert.match(commandOf(children()), /enclos-node-agent/);
    assert.match(commandOf(pid), /^enclos-watchdog\0*$/);
    const ended = once(watchdog, 'exit');
    watchdog.kill('SIGTERM');
    await ended;
  });
});
