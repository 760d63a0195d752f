import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { signEnclave } from '@enclos/build';
import { utf8 } from '@enclos/codec';
import type { Handlers, systemInterface } from '@enclos/edl';
import { layOutImage, readImage } from '@enclos/manifest';
import type { EmbeddedPlatform } from '@enclos/software-sgx';
import { GateTable } from '@enclos/tee';
import { probe } from '@enclos/process-kit/enclaves/probe';
import {
  createWorkshop,
  descendants,
  flipped,
  openRawHost,
  foreignOutcome,
  outcome,
  signingKey,
  trustedFileContents,
  type RawHost,
  type RawHostOptions,
  type SignedImage,
} from '@enclos/process-kit';

type Files = Partial<Handlers<(typeof systemInterface)['untrusted']>>;
type Options = Omit<RawHostOptions<(typeof probe)['trusted']>, 'interface'>;
type ProbeHost = RawHost<(typeof probe)['trusted']>;

const workshop = createWorkshop();
let platform: EmbeddedPlatform;
let signed: SignedImage;
before(async () => {
  platform = await workshop.startPlatform('here');
  signed = await workshop.signed('probe');
});
after(() => workshop.close());

async function withHost(options: Options, use: (host: ProbeHost) => Promise<void>): Promise<void> {
  const host = await openRawHost(platform, signed, { ...options, interface: probe });
  try {
    await use(host);
  } finally {
    await host.close();
  }
}

/** A started probe whose files the host serves as `files` says. */
function withFiles(files: Files, use: (call: ProbeHost['call']) => Promise<void>): Promise<void> {
  return withHost({ files }, async ({ system, call }) => {
    await system.start({ hostEnvironment: [] });
    await use(call);
  });
}

const none = utf8('');
const content = trustedFileContents['large.bin'];
const large = { path: '/models/large.bin' };

describe('a host that serves a trusted file as it likes', () => {
  const serving = (serve: (offset: number, maxBytes: number) => Uint8Array): Files => ({
    readTrustedFile: ({ offset, maxBytes }) => serve(Number(offset), maxBytes),
  });
  const good = (offset: number, maxBytes: number): Uint8Array => content.subarray(offset, offset + maxBytes);

  const refused: readonly (readonly [string, (offset: number, maxBytes: number) => Uint8Array])[] = [
    [
      'another last piece',
      (offset, maxBytes) => (offset === 0 ? good(0, maxBytes) : flipped(good(offset, maxBytes), 0)),
    ],
    ['the first piece again', (_, maxBytes) => good(0, maxBytes)],
    ['nothing', () => none],
    ['less than there is', (offset, maxBytes) => (offset < 300_000 ? good(offset, maxBytes) : none)],
    // The last piece that is asked for is shorter than this.
    ['more than is asked for', (offset) => good(Math.min(offset, 300_000), 256 * 1024)],
  ];
  for (const [what, serve] of refused) {
    test(`${what}: refused`, async () => {
      await withFiles(serving(serve), async (call) => {
        assert.equal(await outcome(call.trustedFile(large)), 'ENCLAVE_FILE_REFUSED');
      });
    });
  }

  test('other bytes the second time: each reading is checked, and refused on its own', async () => {
    let readings = 0;
    const serve = (offset: number, maxBytes: number): Uint8Array => {
      if (offset === 0) readings++;
      return readings === 2 ? flipped(good(offset, maxBytes), 0) : good(offset, maxBytes);
    };
    await withFiles(serving(serve), async (call) => {
      assert.deepEqual(await call.trustedFile(large), content);
      assert.equal(await outcome(call.trustedFile(large)), 'ENCLAVE_FILE_REFUSED');
      assert.deepEqual(await call.trustedFile(large), content);
    });
  });

  test('in small pieces: accepted, since every byte is the right one', async () => {
    await withFiles(
      serving((offset) => good(offset, 10_000)),
      async (call) => assert.deepEqual(await call.trustedFile(large), content),
    );
  });
});

describe('a host that serves a mount as it likes', () => {
  const file = { mount: '/state', path: 'note' };
  const found = (sizeBytes: bigint, kind: 'file' | 'folder' | 'other' = 'file'): Files => ({
    mountStat: () => ({ kind, sizeBytes }),
  });

  test('a size above the bound is refused before a byte is read', async () => {
    let reads = 0;
    const mountRead = (): Uint8Array => {
      reads++;
      return none;
    };
    for (const sizeBytes of [2n ** 20n + 1n, 2n ** 40n, 2n ** 64n - 1n]) {
      await withFiles({ ...found(sizeBytes), mountRead }, async (call) => {
        assert.equal(await outcome(call.readFile(file)), 'ENCLAVE_MOUNT_REFUSED');
      });
    }
    assert.equal(reads, 0);
  });

  test('more bytes than asked for are refused; fewer make a shorter file', async () => {
    await withFiles({ ...found(4n), mountRead: () => utf8('12345') }, async (call) => {
      assert.equal(await outcome(call.readFile(file)), 'ENCLAVE_MOUNT_REFUSED');
    });
    const mountRead = ({ offset }: { offset: bigint }): Uint8Array => (offset === 0n ? utf8('12') : none);
    await withFiles({ ...found(4n), mountRead }, async (call) => {
      assert.deepEqual(await call.readFile(file), utf8('12'));
    });
  });

  test('a device is no file', async () => {
    await withFiles(found(4n, 'other'), async (call) => assert.equal(await call.readFile(file), undefined));
  });

  for (const name of ['../../etc/passwd', 'a/b', '/', '.', '..', 'nul\0']) {
    test(`an entry named ${JSON.stringify(name)} is none: the list is refused`, async () => {
      const mountList = () => [
        { name: 'fine', kind: 'file' as const },
        { name, kind: 'file' as const },
      ];
      await withFiles({ mountList }, async (call) => {
        assert.equal(await outcome(call.list({ mount: '/state', path: '' })), 'ENCLAVE_MOUNT_REFUSED');
      });
    });
  }

  test('names that only look odd are names', async () => {
    const names = ['...', 'a b', '-rf', '\u202egnp.exe', '%2e%2e%2f', 'x'.repeat(255)];
    const mountList = () => names.map((name) => ({ name, kind: 'file' as const }));
    await withFiles({ mountList }, async (call) => {
      const entries = await call.list({ mount: '/state', path: '' });
      assert.deepEqual(
        entries.map(({ name }) => name),
        names,
      );
    });
  });

  test('a file that gives one byte at a time is read as far as its size went, and no further', async () => {
    let reads = 0;
    const mountRead = () => {
      reads++;
      return Uint8Array.of(65);
    };
    await withFiles({ ...found(300n), mountRead }, async (call) => {
      assert.equal((await call.readFile(file))?.length, 300);
    });
    assert.equal(reads, 300);
  });
});

describe('a host that gives variables as it likes', () => {
  const refused: readonly (readonly [string, readonly { name: string; value: string }[]])[] = [
    ['a measured one', [{ name: 'MODE', value: 'of the host' }]],
    ['a measured one with its own value', [{ name: 'MODE', value: 'measured' }]],
    ['an undeclared one', [{ name: 'NODE_OPTIONS', value: '--inspect' }]],
    [
      'one twice',
      [
        { name: 'REGION', value: 'a' },
        { name: 'REGION', value: 'b' },
      ],
    ],
  ];
  for (const [what, hostEnvironment] of refused) {
    test(`${what}: the enclave does not start, and ends`, async () => {
      await withHost({}, async ({ system, launched }) => {
        assert.equal(await outcome(system.start({ hostEnvironment })), 'ENCLAVE_VARIABLE_NOT_DECLARED');
        assert.match((await launched.exited).detail, /failed before it was ready/);
      });
    });
  }
});

describe('a host that does not keep to the protocol', () => {
  test('another interface: the enclave greets, and ends before it serves anything', async () => {
    await withHost({ interfaceDigest: new Uint8Array(32) }, async ({ system, launched }) => {
      assert.equal(await outcome(system.start({ hostEnvironment: [] })), 'ENCLAVE_LOST');
      await launched.exited;
    });
  });

  test('a manifest that names another interface than the bundle serves: the enclave does not start', async () => {
    const { manifest, ...rest } = readImage(signed.image);
    const image = layOutImage({ ...rest, manifest: { ...manifest, interfaceDigest: new Uint8Array(32) } });
    const signature = signEnclave({ image, key: signingKey('first'), date: new Date('2026-06-01') });
    const host = await openRawHost(platform, { image, signature }, { interface: probe });
    assert.equal(await outcome(host.system.start({ hostEnvironment: [] })), 'ENCLAVE_LOST');
    assert.match((await host.launched.exited).detail, /failed before it was ready/);
  });

  test('a call before start is refused, and start still works, once', async () => {
    await withHost({}, async ({ system, call }) => {
      assert.equal(await foreignOutcome(call.identity()), 'GATE_PROTOCOL_VIOLATION');
      await system.start({ hostEnvironment: [] });
      assert.equal(await foreignOutcome(system.start({ hostEnvironment: [] })), 'GATE_PROTOCOL_VIOLATION');
      assert.ok(await call.identity());
    });
  });

  test('arguments that are no arguments are refused, and the enclave serves on', async () => {
    await withHost({}, async ({ system, call, endpoint }) => {
      await system.start({ hostEnvironment: [] });
      const index = Object.keys(probe.trusted).indexOf('bounded');
      for (const payload of [none, Uint8Array.of(255, 255, 255, 255, 255), utf8('garbage')]) {
        assert.equal(await outcome(endpoint.invoke(GateTable.application, index, payload)), 'EDL_VALUE_REFUSED');
      }
      assert.equal(await outcome(endpoint.invoke(GateTable.application, 999, none)), 'EDL_UNKNOWN_FUNCTION');
      assert.equal(await outcome(endpoint.invoke(GateTable.system, 999, none)), 'EDL_UNKNOWN_FUNCTION');
      assert.equal(await call.bounded({ text: 'fine', resultBytes: 0 }), 'fine');
    });
  });

  test('arguments that are larger than any of the function can be end the enclave', async () => {
    await withHost({}, async ({ system, endpoint }) => {
      await system.start({ hostEnvironment: [] });
      const index = Object.keys(probe.trusted).indexOf('bounded');
      const call = endpoint.invoke(GateTable.application, index, new Uint8Array(100_000));
      assert.equal(await outcome(call), 'ENCLAVE_LOST');
    });
  });

  test('a result that is no result is refused inside, and the enclave serves on', async () => {
    const dispatch = () => Promise.resolve(Uint8Array.of(5, 1));
    await withHost({ dispatch }, async ({ system, call }) => {
      await system.start({ hostEnvironment: [] });
      assert.equal(await outcome(call.askHost()), 'ENCLAVE_APPLICATION_ERROR');
      assert.equal(await call.bounded({ text: 'fine', resultBytes: 0 }), 'fine');
    });
  });

  test('a result above its bound ends the enclave', async () => {
    const dispatch = () => Promise.resolve(new Uint8Array(1000));
    await withHost({ dispatch }, async ({ system, call, launched }) => {
      await system.start({ hostEnvironment: [] });
      assert.equal(await outcome(call.askHost()), 'ENCLAVE_LOST');
      await launched.exited;
    });
  });

  test('bytes that are no frames end the enclave', async () => {
    await withHost({}, async ({ system, call, launched }) => {
      await system.start({ hostEnvironment: [] });
      launched.gate.write(new Uint8Array(64).fill(0xff));
      assert.equal(await outcome(call.identity()), 'ENCLAVE_LOST');
      await launched.exited;
    });
  });

  test('nothing of all this leaves a process', () => {
    assert.deepEqual(descendants(platform.processId), []);
  });
});
