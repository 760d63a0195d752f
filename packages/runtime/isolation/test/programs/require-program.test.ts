import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isEnclosError } from '@enclos/errors';
import { programFile } from '@enclos/testkit';
import { layer } from '../../src/layers/plan.ts';
import { privateObstacle, requireProgram } from '../../src/programs/require-program.ts';

const layers = ['program', 'namespaces', 'seccomp', 'threads'].map((name) => layer(name, true, ''));
const without = (...names: readonly string[]) =>
  layers.map((one) => layer(one.name, !names.includes(one.name), names.includes(one.name) ? `Get ${one.name}.` : ''));

test('a private network needs its relay, its namespace and its filter, and no other layer', () => {
  assert.equal(privateObstacle(layers, true), undefined);
  assert.equal(privateObstacle(without('threads'), true), undefined);
  assert.match(privateObstacle(layers, false) ?? '', /no relay/);
  assert.match(privateObstacle(without('namespaces'), true) ?? '', /lacks the layer namespaces\. Get namespaces\.$/);
  assert.match(
    privateObstacle(without('namespaces', 'threads', 'seccomp'), true) ?? '',
    /namespaces and the layer seccomp\. Get namespaces\. Get seccomp\.$/,
  );
});

test('a program is refused where it cannot have one, or for another machine', () => {
  const of = (network: 'private' | 'declared', privateNetwork: string | undefined, here = 'linux-x64'): string => {
    try {
      const program = { architecture: 'linux-x64', network, arguments: [], output: 'none' } as const;
      const file = programFile({});
      const measured = { sizeBytes: file.length, read: (at: number, length: number) => file.subarray(at, at + length) };
      requireProgram(program, measured, { privateObstacle: privateNetwork, here });
      return 'accepted';
    } catch (error) {
      if (isEnclosError(error)) return `${error.code}: ${error.message}`;
      throw error;
    }
  };
  assert.equal(of('private', undefined), 'accepted');
  assert.equal(of('declared', 'None.'), 'accepted');
  assert.match(of('private', 'It lacks one.'), /^PROGRAM_EXECUTION_UNAVAILABLE: .*private network\. It lacks one\./);
  assert.match(of('private', undefined, 'linux-arm64'), /^PROGRAM_EXECUTION_UNAVAILABLE: The program is for linux-x64/);
});
