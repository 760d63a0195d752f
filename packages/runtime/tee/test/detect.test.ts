import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { detectPlatforms, capabilityTables } from '../src/platforms.ts';
import { fakeFiles } from './fake-files.ts';

describe('the platforms of a machine', () => {
  test('are those whose interface is there', async () => {
    const there = new Set(['/sys/kernel/config/tsm/report', '/dev/tpmrm0']);
    const files = fakeFiles({ node: (path) => (there.has(path) ? {} : undefined) });
    assert.deepEqual(await detectPlatforms({ files }), [
      { platform: 'tsm', path: '/sys/kernel/config/tsm/report' },
      { platform: 'azure-vtpm', path: '/dev/tpmrm0' },
    ]);
    // It looks, and opens nothing.
    assert.deepEqual(files.opened, []);
  });

  test('are none on a machine that shows nothing', async () => {
    assert.deepEqual(await detectPlatforms({ files: fakeFiles({ node: () => undefined }) }), []);
  });
});

describe('the tables of capabilities', () => {
  for (const [name, table] of Object.entries(capabilityTables)) {
    test(`of ${name} do not contradict themselves`, () => {
      assert.ok(Object.isFrozen(table) && Object.isFrozen(table.sealPolicies));
      assert.equal(table.hardware, table.boundary !== 'process');
      assert.equal(table.sealKeys === 'none', table.sealPolicies.length === 0);
      // Where the boundary is a machine, nothing here starts enclaves, and none has a neighbour.
      assert.equal(table.gateTransport === 'none', table.boundary === 'virtual-machine');
      assert.equal(table.localAttestation === 'none', table.boundary === 'virtual-machine');
    });
  }
});
