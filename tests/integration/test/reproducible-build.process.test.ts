import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { appendFileSync, chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { buildEnclave, loadProject, signEnclave } from '@enclos/build';
import { toHex } from '@enclos/codec';
import { readImage } from '@enclos/manifest';
import { copyProject, createWorkshop, signingKey, withProbe } from '@enclos/process-kit';

const workshop = createWorkshop();
after(() => workshop.close());

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

let copies = 0;
/** A copy of the probe's project in a folder of its own. */
function project(name = `project-${++copies}`): string {
  const folder = join(workshop.folder, name);
  copyProject('probe', folder);
  return folder;
}

async function mrEnclaveOf(folder: string): Promise<string> {
  return toHex((await buildEnclave(await loadProject(folder))).mrEnclave);
}

test('the SHA-256 of the file, MRENCLAVE, the signed hash and what the platform measured are one value', async () => {
  const { paths, mrEnclave } = await workshop.build('probe');
  const file = new Uint8Array(readFileSync(paths.image));
  const signature = signEnclave({ image: file, key: signingKey('first'), date: new Date('2026-06-01') });
  const platform = await workshop.startPlatform('here');
  await withProbe(platform, { image: file, signature }, async (call, { identity }) => {
    const values = [
      sha256(file),
      toHex(mrEnclave),
      // SIGSTRUCT.ENCLAVEHASH (SDM vol. 3D, SIGSTRUCT).
      toHex(signature.subarray(960, 992)),
      toHex(identity.mrEnclave),
      toHex((await call.identity()).mrEnclave),
    ];
    assert.deepEqual([...new Set(values)], [sha256(file)]);
  });
});

describe('one source, one MRENCLAVE', () => {
  const child = `
    import { buildEnclave, loadProject } from ${JSON.stringify(import.meta.resolve('@enclos/build'))};
    const { report } = await buildEnclave(await loadProject(process.argv[1]), { outFolder: process.argv[2] });
    process.stdout.write(report.mrEnclave);
  `;

  interface Surroundings {
    readonly folder: string;
    readonly cwd?: string;
    readonly umask?: string;
    readonly uid?: number;
    readonly environment?: Readonly<Record<string, string>>;
  }

  function buildIn({ folder, cwd = folder, umask = '022', uid, environment = {} }: Surroundings): string {
    const outFolder = join(folder, 'out');
    mkdirSync(outFolder);
    // Another user reads the sources, and writes the output only.
    for (const path of [workshop.folder, folder, outFolder]) chmodSync(path, 0o777);
    const command = `umask ${umask} && exec "$0" "$@"`;
    const node = [process.execPath, '--input-type=module', '-e', child, folder, outFolder];
    const result = spawnSync('/bin/sh', ['-c', command, ...node], {
      encoding: 'utf8',
      cwd,
      env: { PATH: process.env['PATH'], ...environment },
      ...(uid === undefined ? {} : { uid, gid: uid }),
    });
    assert.equal(result.status, 0, result.stderr);
    return result.stdout;
  }

  let expected: string;
  before(async () => {
    expected = toHex((await workshop.build('probe')).mrEnclave);
  });

  const places: readonly (readonly [string, Omit<Surroundings, 'folder'>])[] = [
    ['in another directory', {}],
    ['from another working directory', { cwd: '/' }],
    ['in a time zone before the date line', { environment: { TZ: 'Pacific/Kiritimati' } }],
    ['in a time zone behind it', { environment: { TZ: 'Pacific/Niue' } }],
    ['with a closed umask', { umask: '077' }],
    ['with an open umask', { umask: '000' }],
    ['with another locale, home and user name', { environment: { LC_ALL: 'tr_TR.UTF-8', HOME: '/', USER: 'other' } }],
    ['with other settings of Node and npm', { environment: { NODE_ENV: 'development', NODE_PATH: '/tmp' } }],
  ];
  for (const [where, surroundings] of places) {
    test(where, () => {
      assert.equal(buildIn({ folder: project(), ...surroundings }), expected);
    });
  }

  const cannotSwitch = process.getuid?.() === 0 ? false : 'only root can run as another user';
  test('as another user', { skip: cannotSwitch }, () => {
    assert.equal(buildIn({ folder: project(), uid: 65_534 }), expected);
  });

  test('in a folder of a strange name, under a tsconfig.json and a package.json of others', () => {
    const outside = workshop.subfolder("a folder's näme");
    writeFileSync(
      join(outside, 'tsconfig.json'),
      '{ "compilerOptions": { "target": "es5", "useDefineForClassFields": false } }',
    );
    writeFileSync(join(outside, 'package.json'), '{ "type": "commonjs", "sideEffects": true }');
    assert.equal(buildIn({ folder: project(join("a folder's näme", 'inner')) }), expected);
  });
});

describe('one difference, another MRENCLAVE', () => {
  let original: string;
  const seen = new Map<string, string>();
  before(async () => {
    original = toHex((await workshop.build('probe')).mrEnclave);
    seen.set(original, 'the original');
  });

  /** Every change must give a value that no other change gave. */
  async function checkDiffers(what: string, folder: string): Promise<void> {
    const mrEnclave = await mrEnclaveOf(folder);
    assert.equal(seen.get(mrEnclave), undefined);
    seen.set(mrEnclave, what);
  }

  function edit(folder: string, path: string, change: (text: string) => string): void {
    const file = join(folder, path);
    const text = readFileSync(file, 'utf8');
    const changed = change(text);
    assert.notEqual(changed, text);
    writeFileSync(file, changed);
  }

  const sources: readonly (readonly [string, string, (text: string) => string])[] = [
    ['one byte of the enclave module', 'probe.enclave.ts', (text) => text.replace("'n'.repeat", "'m'.repeat")],
    ['one bound of the interface', 'probe.edl.ts', (text) => text.replace('maxItems: 64', 'maxItems: 65')],
    ['one name of the interface', 'probe.edl.ts', (text) => text.replace("name: 'probe'", "name: 'prove'")],
    ['one byte of an embedded file', 'data/greeting.txt', (text) => text.replace('A', 'a')],
  ];
  for (const [what, path, change] of sources) {
    test(what, async () => {
      const folder = project();
      edit(folder, path, change);
      await checkDiffers(what, folder);
    });
  }

  test('one byte of a trusted file', async () => {
    const folder = project();
    appendFileSync(join(folder, 'data/small.bin'), Uint8Array.of(0));
    await checkDiffers('a trusted file', folder);
  });

  const fields: Readonly<Record<string, unknown>> = {
    name: 'prober',
    productId: 12,
    securityVersion: 4,
    debug: true,
    threads: 3,
    heapSize: '33MB',
    files: [{ source: 'data/greeting.txt', target: '/data/greetings.txt' }],
    trustedFiles: [{ path: '/models/small.bin', source: 'data/small.bin' }],
    mounts: [{ target: '/state', type: 'hostfs', maxSize: '2MB' }],
    env: [{ name: 'MODE', value: 'Measured' }],
    listen: [{ name: 'https', port: 8443 }],
    connect: [{ name: 'store', host: 'store.example', port: 443 }],
    limits: { maxQueuedCalls: 4, maxDepth: 5 },
  };
  for (const [field, value] of Object.entries(fields)) {
    test(`the manifest's ${field}`, async () => {
      const folder = project();
      edit(folder, 'enclave.json', (text) => JSON.stringify({ ...(JSON.parse(text) as object), [field]: value }));
      await checkDiffers(field, folder);
    });
  }

  test('not the white space and the order of the manifest, a comment, or a file that nothing uses', async () => {
    const folder = project();
    edit(folder, 'enclave.json', (text) =>
      JSON.stringify(Object.fromEntries(Object.entries(JSON.parse(text) as object).toReversed())),
    );
    edit(folder, 'probe.enclave.ts', (text) => `// A comment.\n${text}`);
    writeFileSync(join(folder, 'unused.ts'), 'export const unused = 1;\n');
    assert.equal(await mrEnclaveOf(folder), original);
  });

  test('and the image holds what the manifest says', async () => {
    const { manifest, files } = readImage((await workshop.build('probe')).image);
    assert.deepEqual([manifest.name, manifest.productId, manifest.securityVersion], ['probe', 11, 3]);
    assert.deepEqual(
      files.map(({ path }) => path),
      ['/data/greeting.txt'],
    );
  });
});
