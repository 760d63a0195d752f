import assert from 'node:assert/strict';
import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { utf8 } from '@enclos/codec';
import type { EmbeddedPlatform } from '@enclos/software-sgx';
import {
  createWorkshop,
  flipped,
  loadProbe,
  outcome,
  seededBytes,
  trustedFileContents,
  withProbe,
  type Probe,
  type ProbeOptions,
  type SignedImage,
} from '@enclos/process-kit';

const workshop = createWorkshop();
let platform: EmbeddedPlatform;
let signed: SignedImage;
before(async () => {
  platform = await workshop.startPlatform('here');
  signed = await workshop.signed('probe');
});
after(() => workshop.close());

const mebibyte = 1024 * 1024;

/** New folders and files of the host, as the manifest asks for them. */
let hosts = 0;
function newHost() {
  const folder = workshop.subfolder(`host-${++hosts}`);
  const path = (name: string): string => join(folder, name);
  for (const name of ['state', 'config', 'models']) mkdirSync(path(name));
  for (const [name, content] of Object.entries(trustedFileContents)) writeFileSync(path(`models/${name}`), content);
  writeFileSync(path('config/settings'), 'from the host');
  const options: ProbeOptions = {
    mounts: { '/state': path('state'), '/config': path('config') },
    trustedFiles: { '/models/small.bin': path('models/small.bin'), '/models/large.bin': path('models/large.bin') },
  };
  return { path, options };
}

describe('embedded and trusted files', () => {
  let host: ReturnType<typeof newHost>;
  let probe: Probe;
  before(async () => {
    host = newHost();
    probe = await loadProbe(platform, signed, host.options);
  });
  after(() => probe.dispose());
  beforeEach(() => {
    for (const [name, content] of Object.entries(trustedFileContents)) {
      writeFileSync(host.path(`models/${name}`), content);
    }
  });
  const trusted = (name: keyof typeof trustedFileContents) => probe.call.trustedFile({ path: `/models/${name}` });

  test('an embedded file is what the image was built with', async () => {
    const content = await probe.call.embeddedFile({ path: '/data/greeting.txt' });
    assert.equal(new TextDecoder().decode(content), 'A file that is part of the measurement.\n');
  });

  test('a file that the manifest does not name is not there', async () => {
    for (const path of ['/data/other.txt', '/models/small.bin', 'data/greeting.txt', '']) {
      assert.equal(await outcome(probe.call.embeddedFile({ path })), 'ENCLAVE_FILE_NOT_DECLARED');
    }
    for (const path of ['/data/greeting.txt', '/etc/hostname', '/models/../models/small.bin']) {
      assert.equal(await outcome(probe.call.trustedFile({ path })), 'ENCLAVE_FILE_NOT_DECLARED');
    }
  });

  for (const name of ['small.bin', 'large.bin'] as const) {
    const content = trustedFileContents[name];

    test(`${name}, of ${content.length} bytes, is accepted as it is`, async () => {
      assert.deepEqual(await trusted(name), content);
    });

    test(`${name} is refused with one changed byte, wherever it is`, async () => {
      for (const position of [0, content.length >> 1, content.length - 1]) {
        writeFileSync(host.path(`models/${name}`), flipped(content, position));
        assert.equal(await outcome(trusted(name)), 'ENCLAVE_FILE_REFUSED', `byte ${position}`);
      }
    });

    test(`${name} is refused when it is shorter`, async () => {
      for (const sizeBytes of [content.length - 1, 1, 0]) {
        truncateSync(host.path(`models/${name}`), sizeBytes);
        assert.equal(await outcome(trusted(name)), 'ENCLAVE_FILE_REFUSED', `${sizeBytes} bytes`);
      }
    });

    test(`${name} with bytes after its end gives the measured content and no more`, async () => {
      appendFileSync(host.path(`models/${name}`), 'more');
      assert.deepEqual(await trusted(name), content);
    });
  }

  test('a file that the host exchanges between two reads is refused the second time', async () => {
    await trusted('small.bin');
    writeFileSync(host.path('models/small.bin'), trustedFileContents['large.bin'].subarray(0, 100));
    assert.equal(await outcome(trusted('small.bin')), 'ENCLAVE_FILE_REFUSED');
  });

  test('a file that the host has lost is an error of the host', async () => {
    rmSync(host.path('models/small.bin'));
    assert.equal(await outcome(trusted('small.bin')), 'HOST_CALL_FAILED');
  });
});

describe('a mount of the host', () => {
  let host: ReturnType<typeof newHost>;
  let call: Probe['call'];
  let probe: Probe;
  before(async () => {
    host = newHost();
    probe = await loadProbe(platform, signed, host.options);
    call = probe.call;
  });
  after(() => probe.dispose());
  const write = (path: string, content: Uint8Array, mount = '/state') => call.writeFile({ mount, path, content });
  const read = (path: string, mount = '/state') => call.readFile({ mount, path });

  test('keeps what is written, readable by the host, and gives it to the next enclave', async () => {
    await write('note', utf8('first'));
    await write('note', utf8('second'));
    assert.deepEqual(await read('note'), utf8('second'));
    assert.equal(readFileSync(host.path('state/note'), 'utf8'), 'second');
    await withProbe(
      platform,
      signed,
      async (next) => assert.deepEqual(await next.readFile({ mount: '/state', path: 'note' }), utf8('second')),
      host.options,
    );
  });

  test('lists and removes; what is not there is undefined', async () => {
    mkdirSync(host.path('state/folder'));
    writeFileSync(host.path('state/folder/inner'), 'x');
    await write('gone', utf8('x'));
    await call.removeFile({ mount: '/state', path: 'gone' });
    await call.removeFile({ mount: '/state', path: 'gone' });
    assert.equal(await read('gone'), undefined);
    assert.equal(await read('folder'), undefined);
    assert.deepEqual(await read('folder/inner'), utf8('x'));
    const entries = await call.list({ mount: '/state', path: '' });
    assert.ok(entries.some(({ name, kind }) => name === 'folder' && kind === 'folder'));
    assert.deepEqual(
      (await call.list({ mount: '/state', path: 'folder' })).map((entry) => ({ ...entry })),
      [{ name: 'inner', kind: 'file' }],
    );
    assert.deepEqual(await call.list({ mount: '/state', path: 'nowhere' }), []);
  });

  test('takes a file up to its size, over several messages, and none above', async () => {
    const content = seededBytes(3, mebibyte);
    await write('large', content);
    assert.deepEqual(await read('large'), content);
    assert.equal(await outcome(write('larger', new Uint8Array(mebibyte + 1))), 'ENCLAVE_MOUNT_REFUSED');
    writeFileSync(host.path('state/larger'), new Uint8Array(mebibyte + 1));
    assert.equal(await outcome(read('larger')), 'ENCLAVE_MOUNT_REFUSED');
  });

  test('that is read-only is read and not written', async () => {
    assert.deepEqual(await read('settings', '/config'), utf8('from the host'));
    assert.equal(await outcome(write('settings', utf8('x'), '/config')), 'ENCLAVE_MOUNT_REFUSED');
    assert.equal(await outcome(call.removeFile({ mount: '/config', path: 'settings' })), 'ENCLAVE_MOUNT_REFUSED');
    assert.deepEqual(readdirSync(host.path('config')), ['settings']);
  });

  for (const path of ['', '.', '..', '../config/settings', '/etc/hostname', 'a/../b', 'a//b', 'a/', 'a\u0000b']) {
    test(`refuses the path ${JSON.stringify(path)}`, async () => {
      assert.equal(await outcome(read(path)), 'ENCLAVE_MOUNT_REFUSED');
      assert.equal(await outcome(write(path, utf8('x'))), 'ENCLAVE_MOUNT_REFUSED');
      assert.equal(await outcome(call.removeFile({ mount: '/state', path })), 'ENCLAVE_MOUNT_REFUSED');
    });
  }

  test('follows no link that leads out of it', async () => {
    symlinkSync(host.path('config/settings'), host.path('state/link'));
    assert.equal(await outcome(read('link')), 'HOST_MOUNT_REFUSED');
    assert.equal(await outcome(write('link', utf8('x'))), 'HOST_MOUNT_REFUSED');
    assert.equal(readFileSync(host.path('config/settings'), 'utf8'), 'from the host');
  });

  test('that the manifest does not declare is none', async () => {
    for (const mount of ['/other', '/state/folder', 'state']) {
      assert.equal(await outcome(read('note', mount)), 'ENCLAVE_FILE_NOT_DECLARED');
    }
  });

  test('for which the host has no folder keeps the enclave from being loaded', async () => {
    const { mounts = {}, trustedFiles = {} } = host.options;
    const { '/state': _, ...fewer } = mounts;
    assert.equal(await outcome(loadProbe(platform, signed, { mounts: fewer, trustedFiles })), 'HOST_MOUNT_REFUSED');
    assert.equal(await outcome(loadProbe(platform, signed, { mounts, trustedFiles: {} })), 'HOST_MOUNT_REFUSED');
  });
});

describe('a mount in memory', () => {
  const scratch = { mount: '/scratch' };
  const use = (work: (call: Probe['call'], path: (name: string) => string) => Promise<void>): Promise<void> => {
    const host = newHost();
    return withProbe(platform, signed, (call) => work(call, host.path), host.options);
  };

  test('is written, read, listed, and ends with the enclave', async () => {
    await use(async (call, path) => {
      await call.writeFile({ ...scratch, path: 'a/b', content: utf8('inner') });
      await call.writeFile({ ...scratch, path: 'c', content: utf8('outer') });
      assert.deepEqual(await call.readFile({ ...scratch, path: 'a/b' }), utf8('inner'));
      assert.equal(await call.readFile({ ...scratch, path: 'a' }), undefined);
      const entries = (await call.list({ ...scratch, path: '' })).map((entry) => ({ ...entry }));
      assert.deepEqual(entries, [
        { name: 'a', kind: 'folder' },
        { name: 'c', kind: 'file' },
      ]);
      await call.removeFile({ ...scratch, path: 'c' });
      assert.equal(await call.readFile({ ...scratch, path: 'c' }), undefined);
      assert.deepEqual(readdirSync(path('state')), []);
    });
    await use(async (call) => assert.deepEqual(await call.list({ ...scratch, path: '' }), []));
  });

  test('holds no more than its size in all', async () => {
    await use(async (call) => {
      const write = (path: string, sizeBytes: number) =>
        outcome(call.writeFile({ ...scratch, path, content: new Uint8Array(sizeBytes) }));
      assert.equal(await write('a', 600_000), 'accepted');
      assert.equal(await write('b', 500_000), 'ENCLAVE_MOUNT_REFUSED');
      assert.equal(await write('a', 700_000), 'accepted');
      assert.equal(await write('a', mebibyte), 'accepted');
      assert.equal(await write('b', 1), 'ENCLAVE_MOUNT_REFUSED');
      await call.removeFile({ ...scratch, path: 'a' });
      assert.equal(await write('b', mebibyte), 'accepted');
      assert.equal(await write('b', mebibyte + 1), 'ENCLAVE_MOUNT_REFUSED');
    });
  });

  test('that is read-only stays empty, and unclean paths are refused', async () => {
    await use(async (call) => {
      const content = utf8('x');
      assert.equal(await outcome(call.writeFile({ mount: '/empty', path: 'a', content })), 'ENCLAVE_MOUNT_REFUSED');
      for (const path of ['', '../a', '/a']) {
        assert.equal(await outcome(call.writeFile({ ...scratch, path, content })), 'ENCLAVE_MOUNT_REFUSED');
      }
    });
  });
});
