import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { ByteWriter } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import { planUtilLinux, type IsolationPlan } from '@enclos/isolation';
import type { Stub } from '@enclos/sgx-stub';
import {
  prepareSgx,
  requireExecution,
  requireMachine,
  type PrepareSgxOptions,
  type SgxServices,
} from '../../../src/platform/sgx/sgx-services.ts';
import { temporaryFolder } from '../../support.ts';
import { playedStub } from './played-stub.ts';

/** The plan of a machine on which every command works. */
function playedPlan(): IsolationPlan {
  const files = {
    interpreterPath: process.execPath,
    filterPath: '/run/filter.bpf',
    starterPath: '/cache/enclos-start',
  };
  return planUtilLinux({ ...files, run: () => '', userId: 0, cgroup: undefined });
}

const linux = { platform: 'linux', arch: 'x64' } as const;

function auxiliary(...entries: readonly (readonly [bigint, bigint])[]): () => Uint8Array {
  const writer = new ByteWriter();
  for (const [type, value] of entries) writer.u64(type).u64(value);
  return () => writer.finish();
}

describe('a machine for SGX images', () => {
  test('has FSGSBASE in its auxiliary vector', () => {
    requireMachine(linux, auxiliary([6n, 4096n], [26n, 2n], [0n, 0n]));
  });

  const lacking: readonly [string, () => void][] = [
    ['without the bit', () => requireMachine(linux, auxiliary([26n, 1n], [0n, 0n]))],
    ['whose kernel has no such entry', () => requireMachine(linux, auxiliary([16n, 2n], [0n, 0n]))],
    ['of another architecture', () => requireMachine({ platform: 'linux', arch: 'arm64' })],
    ['of another system', () => requireMachine({ platform: 'darwin', arch: 'x64' })],
  ];
  for (const [what, act] of lacking) {
    test(`is not one ${what}`, () => assert.throws(act, { code: 'SGX_EXECUTION_UNAVAILABLE' }));
  }
});

const cpuSvn = new Uint8Array(16).with(1, 1);

function prepared(changes: Partial<PrepareSgxOptions> = {}): Promise<SgxServices> {
  return prepareSgx({
    find: () => playedStub(temporaryFolder()),
    folders: [temporaryFolder()],
    passable: false,
    isolation: playedPlan(),
    writeFilter: async () => '/run/stub.bpf',
    cpuSvn,
    ...changes,
  });
}

function obstacleOf(services: SgxServices): string {
  assert.ok('obstacle' in services.execution);
  assert.throws(() => requireExecution(services), { code: 'SGX_EXECUTION_UNAVAILABLE' });
  return services.execution.obstacle;
}

describe('what a platform has for SGX images', { skip: process.arch !== 'x64' && 'SGX images run on x86-64' }, () => {
  test('is its own copy of the stub, which has its own name and a view of nothing else', async () => {
    const stub = playedStub(temporaryFolder());
    const { program, isolation } = requireExecution(await prepared({ find: () => stub }));
    assert.notEqual(program.path, stub.path);
    assert.deepEqual(readFileSync(program.path), readFileSync(stub.path));
    const line = isolation.prefix.join(' ');
    assert.ok(line.includes(`--seccomp-filter /run/stub.bpf`));
    assert.equal(line.match(/--landlock-rule/g)?.length, 1);
    assert.ok(line.includes(`--landlock-rule path-beneath:execute,read-file:${program.path}`));
  });

  const obstacles: readonly [string, Partial<PrepareSgxOptions>, RegExp][] = [
    [
      'a stub that is not built',
      {
        find: () => {
          throw new EnclosError('SGX_EXECUTION_UNAVAILABLE', 'Not built.');
        },
      },
      /Not built/,
    ],
    [
      'a machine that was enrolled before there was a stub',
      { cpuSvn: new Uint8Array(16) },
      /says 0\..*publish-tcb 00010{26}\).*set-cpusvn 00010{28}\).*enrol the machine again/,
    ],
    ['a stub that is older than the CPUSVN says', { cpuSvn: cpuSvn.with(1, 2) }, /says 2\. Install/],
    [
      'a disk that does not take the filter',
      {
        writeFilter: () => Promise.reject(new EnclosError('PLATFORM_STORAGE_FAILED', 'No space is left.')),
      },
      /No space is left/,
    ],
    [
      'anything else that fails',
      {
        find: () => {
          throw new TypeError('unexpected');
        },
      },
      /unexpected/,
    ],
    ['no folder that takes the copy', { folders: ['/dev/null/nowhere'] }, /cannot be copied/],
  ];
  for (const [what, changes, expected] of obstacles) {
    test(`is an obstacle with ${what}`, async () => assert.match(obstacleOf(await prepared(changes)), expected));
  }

  test('is an obstacle with a stub that is not the one that was built', async () => {
    const folder = temporaryFolder();
    const stub: Stub = playedStub(folder);
    writeFileSync(stub.path, 'another');
    assert.match(obstacleOf(await prepared({ find: () => stub })), /is not the program/);
  });

  test('says the stub even where it does not run', async () => {
    const { stub } = await prepared({ cpuSvn: new Uint8Array(16) });
    assert.equal(stub?.securityVersion, 1);
  });

  test('replaces a damaged copy', async () => {
    const [folder, stub] = [temporaryFolder(), playedStub(temporaryFolder())];
    writeFileSync(join(folder, `sgx-stub-${stub.sha256.slice(0, 32)}`), 'damaged', {
      mode: 0o700,
    });
    const { program } = requireExecution(await prepared({ find: () => stub, folders: [folder] }));
    assert.deepEqual(readFileSync(program.path), readFileSync(stub.path));
  });
});
