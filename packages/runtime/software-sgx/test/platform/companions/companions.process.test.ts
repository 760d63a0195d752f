import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { chmodSync, copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test, type TestContext } from 'node:test';
import { isEnclosError } from '@enclos/errors';
import { until } from '@enclos/testkit';
import { createImageIntake } from '../../../src/cpu/measured-image.ts';
import { singleHost } from '../../../src/platform/host.ts';
import type { PlatformServices } from '../../../src/platform/services.ts';
import { smallImage } from '../../support.ts';
import { createPassingLab, type LabOptions, type PassingLab } from '../passing/lab.ts';
import {
  companionManifest,
  CompanionHost,
  compileProbe,
  compiler,
  descendants,
  evaluates,
  fileOf,
  manifestFileOf,
  opensCompanion,
  type LabFile,
} from './companion-lab.ts';

const isRoot = process.getuid?.() === 0;
// Not below the folder for temporary files of this user, which others might not be able to enter.
const folder = mkdtempSync('/tmp/enclos-companions-');
chmodSync(folder, 0o755);
after(() => rmSync(folder, { recursive: true, force: true }));

let probe: LabFile;
/** Another addon, which no manifest declares. */
const other = join(folder, 'other.node');
const noCompiler = compiler === undefined && 'needs a C compiler';
before(() => {
  if (noCompiler !== false) return;
  probe = fileOf('probe.node', compileProbe());
  copyFileSync(probe.place, other);
});

async function launch(lab: PassingLab, change: Parameters<typeof companionManifest>[0] = {}): Promise<CompanionHost> {
  const manifest = companionManifest({ addons: true, files: [manifestFileOf(probe)], ...change });
  const enclave = await lab.launch({
    body: opensCompanion,
    listen: [],
    passes: false,
    companions: [{ manifest, body: evaluates }],
    request: { files: [probe] },
  });
  return new CompanionHost(enclave);
}

/** Launches, and waits for the first process. */
async function started(lab: PassingLab, change: Parameters<typeof companionManifest>[0] = {}): Promise<CompanionHost> {
  const host = await launch(lab, change);
  assert.deepEqual(await host.next('started'), [0, 1]);
  assert.deepEqual(await host.next('said'), [0, ['hello', 1]]);
  return host;
}

interface Setting {
  readonly name: string;
  readonly options: () => LabOptions;
  readonly needsRoot?: true;
}

let folders = 0;
const settings: readonly Setting[] = [
  { name: 'of one user', options: () => ({}) },
  {
    name: 'that is separated',
    options: () => ({
      separation: {
        enclaveUsers: { first: 61_417, last: 61_426 },
        hostUsers: [60_417],
        runtimeFolder: join(folder, String((folders += 1))),
        cacheFolder: join(folder, 'cache'),
      },
    }),
    needsRoot: true,
  },
];

/** What the native code of a companion gets: 0, or the number of an error. */
async function attempts(host: CompanionHost, services: PlatformServices): Promise<Readonly<Record<string, unknown>>> {
  const { paths } = await services.companions.files.place([manifestFileOf(probe)], singleHost().fileShare);
  return {
    ownFile: await host.call('maps', paths[0]),
    otherAddon: await host.call('maps', other),
    file: await host.call('opens', '/etc/hostname'),
    newFile: await host.call('creates', join(folder, 'was-here')),
    socket: await host.call('connects'),
  };
}

describe('a companion', { skip: noCompiler }, () => {
  for (const way of ['util-linux', 'bubblewrap'] as const) {
    for (const { name, options, needsRoot } of settings) {
      const skip = needsRoot === true && !isRoot && 'needs root';
      test(`is confined on a platform ${name}, by ${way}`, { skip }, async (t) => {
        const lab = await createPassingLab({ ...options(), way });
        t.after(() => lab.close());
        if (lab.missing.length > 0) return t.skip(`this machine lacks ${lab.missing.join(' ')}`);
        const host = await started(lab);
        assert.deepEqual(await host.call('keys'), ['channel', 'exit', 'files', 'loadAddon', 'readFile', 'require']);
        assert.deepEqual(await host.call('globals'), ['undefined', 'undefined', 'undefined', 'undefined']);
        assert.equal(await host.call('require', 'crypto'), 'object');
        assert.equal(await host.call('require', 'fs'), 'Error: An enclave has no module fs.');
        assert.match(String(await host.call('evaluate', 'return 1')), /^EvalError/);
        assert.match(String(await host.call('read', '../enclos-start')), /no such file/);
        assert.match(String(await host.call('load', 'other.node')), /no such file/);
        assert.equal(await host.call('read', 'probe.node'), readFileSync(probe.place, 'latin1'));

        const { ownFile, ...others } = await attempts(host, lab.services);
        assert.equal(ownFile, 0);
        for (const [what, result] of Object.entries(others)) assert.notEqual(result, 0, what);
        assert.notEqual(await host.call('forks'), 0);
        // Its channel, and nothing that the platform or the enclave has.
        assert.equal(await host.call('sockets'), 1);
        assert.ok(Number(await host.call('takes', 4096)) < 64 + 640);
        // Otherwise the threads of all processes of the platform are bounded together.
        if (lab.services.isolation.threads?.by !== 'platform') {
          assert.ok(Number(await host.call('threads', 300)) < 100);
        }
        await host.launched.terminate();
      });
    }
  }

  test('reaches all of that where the layers are off', async (t) => {
    const bare = { prefix: [], lastAt: 0 };
    const change = (services: PlatformServices): PlatformServices => ({
      ...services,
      isolation: {
        layers: services.isolation.layers,
        way: 'util-linux',
        starterPath: services.isolation.starterPath,
        limits: [],
        ...bare,
        wayWithFiles: () => bare,
      },
    });
    const lab = await createPassingLab({ change });
    t.after(() => lab.close());
    const host = await started(lab);
    for (const [what, result] of Object.entries(await attempts(host, lab.services))) assert.equal(result, 0, what);
    assert.equal(await host.call('forks'), 0);
    assert.ok(Number(await host.call('takes', 1024)) === 1024);
    assert.ok(Number(await host.call('threads', 300)) === 300);
    await host.launched.terminate();
  });
});

describe('the processes of a companion', { skip: noCompiler }, () => {
  let lab: PassingLab;
  before(async () => {
    lab = await createPassingLab();
  });
  after(() => lab.close());

  test('follow one another, whether they end by themselves or are ended', async () => {
    const host = await started(lab);
    host.send('crashes');
    assert.deepEqual(await host.next('ended'), [0, 1]);
    assert.deepEqual(await host.next('started'), [0, 2]);
    await host.next('said');
    // Native code that never comes back notices nothing, so the platform ends it.
    host.send('sticks');
    // That of an earlier process is not meant.
    host.notice(3, 0, 0, 1);
    host.notice(3, 0, 0, 2);
    assert.deepEqual(await host.next('ended'), [0, 2]);
    assert.deepEqual(await host.next('started'), [0, 3]);
    await host.next('said');
    await host.launched.terminate();
  });

  test('are as many as the manifest says, and end with their enclave', async () => {
    const others = new Set(descendants());
    const host = await launch(lab, { processes: 3 });
    const numbers = new Set<unknown>();
    for (let count = 0; count < 3; count += 1) numbers.add((await host.next('started'))[0]);
    assert.deepEqual(numbers, new Set([0, 1, 2]));
    await host.launched.terminate();
    assert.deepEqual(
      descendants().filter((pid) => !others.has(pid)),
      [],
    );
  });

  test('are as they were when another image has the memory of theirs', async () => {
    const content = smallImage();
    const intake = (): ReturnType<ReturnType<typeof createImageIntake>['finish']> => {
      // The image of the launch fits in.
      const made = createImageIntake(content.length + 1024 * 1024);
      made.push(content);
      return made.finish();
    };
    const first = intake();
    const kept = first.pages.read(0, 1).buffer;
    first.release();
    const host = await started(lab);
    await until('the image has given its memory back', () => intake().pages.read(0, 1).buffer === kept);
    new Uint8Array(kept).fill(0xff);
    host.send('crashes');
    assert.deepEqual(await host.next('started'), [0, 2]);
    assert.deepEqual(await host.next('said'), [0, ['hello', 1]]);
    await host.launched.terminate();
  });

  test('that are not declared, or are open already, end an enclave that asks for them', async () => {
    for (const [companion, kind] of [
      [7, 2],
      [0, 2],
      [0, 9],
    ] as const) {
      const host = await started(lab);
      host.notice(kind, companion, 0, kind === 2 ? 0 : 1);
      const { signal, exitCode } = await host.launched.exited;
      assert.ok(signal === 'SIGKILL' || exitCode === 137, String(signal));
    }
  });

  test('load no addon where the manifest allows none', async () => {
    const host = await started(lab, { addons: false });
    assert.deepEqual(await host.call('keys'), ['channel', 'exit', 'files', 'readFile', 'require']);
    assert.equal(await host.call('read', 'probe.node'), readFileSync(probe.place, 'latin1'));
    await host.launched.terminate();
  });
});

describe('the files of a companion', { skip: noCompiler }, () => {
  let lab: PassingLab;
  /** Why processes were not started. */
  const refusals = new EventEmitter<{ refused: [unknown] }>();
  before(async () => {
    const change = (services: PlatformServices): PlatformServices => {
      const { files } = services.companions;
      const place = async (...list: Parameters<typeof files.place>): ReturnType<typeof files.place> => {
        const placed = await files.place(...list);
        const refused = (error: unknown): never => {
          refusals.emit('refused', error);
          throw error;
        };
        return { ...placed, recheck: () => placed.recheck().catch(refused) };
      };
      return { ...services, companions: { ...services.companions, files: { ...files, place } } };
    };
    lab = await createPassingLab({ change });
  });
  after(() => lab.close());

  const refusedWith = (code: 'LAUNCH_FILE_MISSING' | 'LAUNCH_FILE_REFUSED') => (error: unknown) =>
    isEnclosError(error, code);

  async function emptied(t: TestContext): Promise<string> {
    const { paths, folder: place } = await lab.services.companions.files.place(
      [manifestFileOf(probe)],
      singleHost().fileShare,
    );
    t.after(() => rmSync(join(place, '..'), { recursive: true, force: true }));
    return paths[0] ?? '';
  }

  test('are refused when a byte is another one, or a byte is missing, before anything starts', async () => {
    rmSync(join(lab.services.interpreter.path, '..', 'files'), { recursive: true, force: true });
    const running = descendants().length;
    const content = readFileSync(probe.place);
    content[content.length - 1] = (content.at(-1) ?? 0) ^ 1;
    for (const given of [content, content.subarray(1), Buffer.concat([content, content])]) {
      const place = join(folder, 'given.node');
      writeFileSync(place, given);
      const wrong = fileOf('probe.node', place);
      await assert.rejects(launchWith([{ ...probe, open: () => wrong.open() }]), refusedWith('LAUNCH_FILE_REFUSED'));
    }
    await assert.rejects(launchWith([]), refusedWith('LAUNCH_FILE_MISSING'));
    assert.equal(descendants().length, running);
    const launched = await launchWith([probe]);
    // Another launch needs none: the platform has it.
    await (await launchWith([])).launched.terminate();
    await launched.launched.terminate();
  });

  test('are refused when the copy of the platform was changed, and given anew', async (t) => {
    await (await launchWith([probe])).launched.terminate();
    const copy = await emptied(t);
    const content = readFileSync(copy);
    content[0x100] = (content[0x100] ?? 0) ^ 1;
    chmodSync(copy, 0o700);
    writeFileSync(copy, content);
    await assert.rejects(launchWith([probe]), refusedWith('LAUNCH_FILE_REFUSED'));
    await (await launchWith([probe])).launched.terminate();
  });

  test('that change while an enclave runs keep the next process from starting', async (t) => {
    const host = await started(lab);
    const copy = await emptied(t);
    chmodSync(copy, 0o700);
    writeFileSync(copy, 'something else');
    const running = descendants().length;
    host.send('crashes');
    assert.deepEqual(await host.next('ended'), [0, 1]);
    for (let attempt = 0; attempt < 2; attempt += 1) {
      const [error] = (await once(refusals, 'refused')) as [unknown];
      assert.ok(refusedWith('LAUNCH_FILE_REFUSED')(error));
      assert.ok(descendants().length < running);
    }
    await host.launched.terminate();
  });

  async function launchWith(files: readonly Omit<LabFile, 'place'>[]): Promise<CompanionHost> {
    const manifest = companionManifest({ addons: true, files: [manifestFileOf(probe)] });
    const enclave = await lab.launch({
      body: opensCompanion,
      listen: [],
      passes: false,
      companions: [{ manifest, body: evaluates }],
      request: { files },
    });
    return new CompanionHost(enclave);
  }
});
