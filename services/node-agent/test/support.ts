import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ContainerAllocation, Device, Health } from '../src/plugin/messages.ts';
import type { Resource } from '../src/plugin/resource.ts';
import { parseOptions, type AgentOptions } from '../src/options.ts';

const base = mkdtempSync(join(tmpdir(), 'agent-'));
// Each folder in it says who may enter.
chmodSync(base, 0o711);
process.once('exit', () => rmSync(base, { recursive: true, force: true }));

/**
 * A folder that is removed at the end of the process: hooks of a test run in the order of their registration, so one of
 * the test that made the folder would remove it before what still watches it has ended. Short: sockets have paths of
 * 107 bytes.
 */
export function temporaryFolder(): string {
  return mkdtempSync(join(base, '-'));
}

/** A resource whose devices a test turns on and off. */
export interface TestResource extends Resource {
  readonly allocations: (readonly string[])[];
  set(devices: Readonly<Record<string, Health>>): void;
}

export function testResource(devices: Readonly<Record<string, Health>>, name = 'enclos.dev/test'): TestResource {
  let present = devices;
  const listeners = new Set<() => void>();
  const allocations: (readonly string[])[] = [];
  return Object.freeze({
    name,
    allocations,
    devices: () => Object.entries(present).map(([ID, health]): Device => ({ ID, health })),
    watch(listener: () => void) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async allocate(ids: readonly string[]): Promise<ContainerAllocation> {
      allocations.push(ids);
      return {
        envs: { IDS: ids.join(',') },
        mounts: [{ container_path: '/inside', host_path: `/outside/${ids[0]}`, read_only: true }],
        devices: [{ container_path: '/dev/in', host_path: '/dev/out', permissions: 'rw' }],
      };
    },
    set(devices_: Readonly<Record<string, Health>>) {
      present = devices_;
      for (const listener of listeners) listener();
    },
  });
}

/** What a command line of the agent asks for, when it asks for no help. */
export function optionsOf(...argv: readonly string[]): AgentOptions {
  const options = parseOptions(argv);
  assert.ok(options !== undefined);
  return options;
}
