import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { cdiSpecification, publishCdi } from '../../src/devices/cdi.ts';
import { readEpcSize, sectionSize } from '../../src/devices/epc.ts';
import { createHardware, type Hardware } from '../../src/devices/hardware.ts';
import { temporaryFolder } from '../support.ts';

/** Character devices that every kernel has, in the place of those of SGX: /dev/null and /dev/zero. */
const numbers = { sgx_enclave: [1, 3], sgx_provision: [1, 5] } as const;
type Name = keyof typeof numbers;

const made = spawnSync('mknod', [join(temporaryFolder(), 'd'), 'c', '1', '3']);
const skip = made.status === 0 ? false : 'needs mknod of a device';

interface Node {
  readonly hardware: Hardware;
  readonly plug: (name: Name, numbersOf?: Name) => void;
  readonly drive: (name: Name, numbersOf?: Name) => void;
  readonly unplug: (name: Name) => void;
  readonly undrive: (name: Name) => void;
  readonly states: () => readonly (readonly string[])[];
}

function node(): Node {
  const [deviceFolder, driverFolder] = [temporaryFolder(), temporaryFolder()];
  const hardware = createHardware({ count: 2, deviceFolder, driverFolder });
  return {
    hardware,
    plug: (name, numbersOf = name) =>
      void spawnSync('mknod', [join(deviceFolder, name), 'c', ...numbers[numbersOf].map(String)]),
    drive(name, numbersOf = name) {
      mkdirSync(join(driverFolder, name), { recursive: true });
      writeFileSync(join(driverFolder, name, 'dev'), `${numbers[numbersOf].join(':')}\n`);
    },
    unplug: (name) => rmSync(join(deviceFolder, name)),
    undrive: (name) => rmSync(join(driverFolder, name), { recursive: true }),
    states: () => hardware.resources.map((resource) => resource.devices().map(({ health }) => health)),
  };
}

const both = ['sgx_enclave', 'sgx_provision'] as const;
const healthy = ['Healthy', 'Healthy'];
const unhealthy = ['Unhealthy', 'Unhealthy'];

describe('SGX hardware', { skip }, () => {
  test('is nothing on a node that never had it', async () => {
    const { hardware, states } = node();
    await hardware.probe();
    assert.deepEqual(states(), [[], []]);
    assert.equal(hardware.isThere(), false);
  });

  test('appears, disappears and comes back while the agent runs, and tells of each', async () => {
    const { hardware, plug, drive, unplug, undrive, states } = node();
    let told = 0;
    hardware.resources[0]?.watch(() => (told += 1));
    both.forEach((name) => {
      plug(name);
      drive(name);
    });
    await hardware.probe();
    await hardware.probe();
    assert.deepEqual([states(), told], [[healthy, healthy], 1]);
    unplug('sgx_provision');
    await hardware.probe();
    assert.deepEqual([states(), told], [[unhealthy, unhealthy], 2]);
    plug('sgx_provision');
    await hardware.probe();
    assert.deepEqual([states(), told], [[healthy, healthy], 3]);
    undrive('sgx_enclave');
    await hardware.probe();
    assert.deepEqual([states(), told], [[unhealthy, unhealthy], 4]);
  });

  test('is both devices or neither', async () => {
    const { hardware, plug, drive, states } = node();
    plug('sgx_enclave');
    drive('sgx_enclave');
    await hardware.probe();
    assert.deepEqual(states(), [[], []]);
  });

  test('is not a file, nor a node of another device, nor one without a driver', async () => {
    const wrong: readonly ((at: Node) => void)[] = [
      ({ plug }) => both.forEach((name) => plug(name)),
      ({ plug, drive }) => {
        both.forEach((name) => drive(name));
        plug('sgx_enclave', 'sgx_provision');
        plug('sgx_provision');
      },
      ({ drive }) => both.forEach((name) => drive(name)),
    ];
    for (const arrange of wrong) {
      const at = node();
      arrange(at);
      await at.hardware.probe();
      assert.equal(at.hardware.isThere(), false);
    }
  });

  test('gives a container the one device that it asked for, to read and write', async () => {
    const { hardware } = node();
    for (const [i, name] of (['enclave', 'provision'] as const).entries()) {
      const resource = hardware.resources[i];
      assert.equal(resource?.name, `sgx.intel.com/${name}`);
      const path = `/dev/sgx_${name}`;
      const devices = [{ container_path: path, host_path: path, permissions: 'rw' }];
      assert.deepEqual(await resource.allocate([`sgx-${name}-0`]), { devices });
    }
  });
});

describe('the size of protected memory', () => {
  /** CPUID leaf 12H, subleaf 2 on, of a machine with 64 GiB in two sections. */
  const sections = [
    [0x7000_0001, 0x0000_0070, 0x0000_0001, 0x0000_0008],
    [0x7000_0001, 0x0000_00f0, 0x0000_0001, 0x0000_0008],
    [0, 0, 0, 0],
  ];
  const registers = (values: readonly number[]): Buffer => {
    const bytes = Buffer.alloc(16);
    values.forEach((value, i) => bytes.writeUInt32LE(value, i * 4));
    return bytes;
  };

  test('is what the kernel says of each node of memory', async () => {
    const nodesFolder = temporaryFolder();
    for (const [name, text] of [
      ['node0', '34359738368\n'],
      ['node1', '34359738368\n'],
      ['node2', 'none\n'],
    ] as const) {
      mkdirSync(join(nodesFolder, name, 'x86'), { recursive: true });
      writeFileSync(join(nodesFolder, name, 'x86/sgx_total_size'), text);
    }
    const size = await readEpcSize({ nodesFolder, cpuidPath: '/nonexistent' });
    assert.deepEqual(size, { sizeBytes: 68_719_476_736n, source: 'sysfs' });
  });

  test('is what the configuration says, before anything else', async () => {
    const size = await readEpcSize({ configuredBytes: 5n, nodesFolder: '/nonexistent', cpuidPath: '/nonexistent' });
    assert.deepEqual(size, { sizeBytes: 5n, source: 'configuration' });
  });

  test('is the sum of the sections that CPUID lists', async () => {
    assert.equal(sectionSize(registers(sections[0] ?? [])), 0x8_0000_0000n);
    assert.equal(sectionSize(registers(sections[2] ?? [])), undefined);
    // The file of CPUID takes the leaf as its position: a sparse one plays it.
    const path = join(temporaryFolder(), 'cpuid');
    writeFileSync(path, '');
    sections.forEach((values, i) => {
      const at = (i + 2) * 2 ** 32 + 0x12;
      spawnSync('dd', [`of=${path}`, 'bs=1', `seek=${at}`, 'conv=notrunc', 'status=none'], {
        input: registers(values),
      });
    });
    assert.deepEqual(await readEpcSize({ nodesFolder: '/nonexistent', cpuidPath: path }), {
      sizeBytes: 68_719_476_736n,
      source: 'cpuid',
    });
  });

  test('is unknown where nothing says it', async () => {
    assert.equal(await readEpcSize({ nodesFolder: '/nonexistent', cpuidPath: '/nonexistent' }), undefined);
  });

  test('of a section is never larger than 52 bits can say', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (bytes) => {
        const size = sectionSize(Buffer.from(bytes));
        assert.ok(size === undefined || (size >= 0n && size < 1n << 52n && size % 4096n === 0n));
      }),
    );
  });
});

describe('the CDI specification', () => {
  test('names both devices, is there while they are, and is never there by half', async () => {
    const folder = join(temporaryFolder(), 'cdi');
    await publishCdi(folder, false);
    assert.ok(!existsSync(folder));
    await publishCdi(folder, true);
    assert.deepEqual(readdirSync(folder), ['enclos.dev-sgx.json']);
    assert.deepEqual(JSON.parse(readFileSync(join(folder, 'enclos.dev-sgx.json'), 'utf8')), {
      cdiVersion: '0.5.0',
      kind: 'enclos.dev/sgx',
      devices: ['enclave', 'provision'].map((name) => ({
        name,
        containerEdits: { deviceNodes: [{ path: `/dev/sgx_${name}`, type: 'c', permissions: 'rw' }] },
      })),
    });
    assert.ok(JSON.stringify(cdiSpecification()).length > 0);
    await publishCdi(folder, false);
    assert.deepEqual(readdirSync(folder), []);
  });
});
