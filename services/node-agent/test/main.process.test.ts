import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
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
});
