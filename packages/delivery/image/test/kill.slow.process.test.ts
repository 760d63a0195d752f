import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { saidBy } from '@enclos/testkit';
import { verifyImage, withImageSource } from '../src/index.ts';
import { livingBeside, removeUnfinished, unfinishedPath } from '../src/oci/unfinished.ts';
import { baseArchive, buildSample, enclave, file, interpreter, temporaryFolder } from './sample.ts';

const program = fileURLToPath(new URL('./build.program.js', import.meta.url));
const architecture = process.arch === 'arm64' ? 'arm64' : 'amd64';
const moments = 30;

describe('builds that are killed, or beside each other', () => {
  const inputs = temporaryFolder();
  const running = new Set<ChildProcess>();
  /** Of the three images that the program builds. */
  const digests = new Set<string>();
  let referenced = 0;

  before(async () => {
    const signed = enclave();
    const base = await baseArchive(Array.from({ length: 40 }, (_, i) => file(`etc/${i}`, `${i}`.repeat(20_000))));
    copyFileSync(base, join(inputs, 'base.tar'));
    writeFileSync(join(inputs, 'image'), signed.image);
    writeFileSync(join(inputs, 'signature'), signed.signature);
    writeFileSync(join(inputs, 'interpreter'), interpreter);
    for (const createdSeconds of [0, 1, 2]) {
      const { descriptor, layout } = await buildSample(signed, { base: { path: base }, createdSeconds });
      digests.add(descriptor.digest);
      referenced = blobsOf(layout).length;
    }
    assert.equal(digests.size, 3);
  });
  after(() => {
    for (const child of running) child.kill('SIGKILL');
  });

  const start = (layout: string, first: number, builds: number): ChildProcess => {
    const words = [program, inputs, layout, String(first), String(builds)];
    const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] });
    running.add(child.once('exit', () => running.delete(child)));
    return child;
  };
  const ended = async (child: ChildProcess): Promise<number | null> => {
    const [code] = (await once(child, 'exit')) as [number | null];
    return code;
  };
  /** Every blob is there and is what its digest says. @returns the digest of the image */
  const whole = async (path: string): Promise<string> => {
    const { digest } = await withImageSource(path, (source) => verifyImage(source, { architecture }));
    assert.ok(digests.has(digest), digest);
    return digest;
  };
  const clean = (layout: string): void => {
    const name = basename(layout);
    assert.deepEqual(readdirSync(dirname(layout)).sort(), [name, `${name}.tar`]);
    assert.deepEqual(readdirSync(layout).sort(), ['blobs', 'index.json', 'oci-layout']);
    assert.equal(blobsOf(layout).length, referenced);
    assert.ok(readdirSync(join(inputs, 'cache')).every((cached) => !cached.startsWith('.')));
  };

  test(`killed at ${moments} moments, the old image or the new one is there, whole`, async (t) => {
    const layout = join(temporaryFolder(), 'image.oci');
    const seen = new Set<string>();
    let left = 0;
    // On a busy machine a build takes many times as long: moments are parts of what the last one took.
    let buildMs = 100;
    for (let moment = 0; moment < moments; moment += 1) {
      const child = start(layout, moment, Number.MAX_SAFE_INTEGER);
      await saidBy(child, 'building');
      const startedAt = performance.now();
      // Now and then the first build of a process, and mostly one that has a layout to replace.
      if (moment % 5 !== 0) {
        await saidBy(child, 'built');
        buildMs = performance.now() - startedAt;
      }
      await new Promise((resolve) => setTimeout(resolve, ((moment * 0.37) % 1) * buildMs));
      child.kill('SIGKILL');
      await ended(child);
      // Once there is one, there always is.
      if (existsSync(layout) || seen.size > 0) seen.add(await whole(layout));
      if (existsSync(`${layout}.tar`)) await whole(`${layout}.tar`);
      left += readdirSync(dirname(layout)).filter((name) => name.startsWith('.')).length;
    }
    assert.ok(left > moments / 4, 'hardly a build was killed in the middle');
    assert.equal(seen.size, 3);
    assert.equal(await ended(start(layout, 0, 1)), 0);
    await whole(layout);
    clean(layout);
    t.diagnostic(`${left} leftovers were seen`);
  });

  test('builds beside each other all succeed, also when some are killed', async () => {
    const layout = join(temporaryFolder(), 'image.oci');
    const builders = [0, 1, 2].map((first) => ended(start(layout, first, 12)));
    const killed = [0, 1].map(async (first) => {
      const child = start(layout, first, Number.MAX_SAFE_INTEGER);
      await saidBy(child, 'building');
      await new Promise((resolve) => setTimeout(resolve, 150 + first * 190));
      child.kill('SIGKILL');
      return ended(child);
    });
    assert.deepEqual(await Promise.all([...builders, ...killed]), [0, 0, 0, null, null]);
    await whole(layout);
    await whole(`${layout}.tar`);
    assert.equal(await ended(start(layout, 0, 1)), 0);
    await whole(layout);
    clean(layout);
  });

  test('only what is known to be of the dead is removed', async () => {
    const folder = temporaryFolder();
    const target = join(folder, 'image.oci');
    const own = unfinishedPath(target);
    const dead = own.replace(/\.\d+-\d+-/, '.1-1-');
    const elsewhere = own.replace(/-[0-9a-f]{12}-/, '-000000000000-');
    const other = unfinishedPath(join(folder, 'other.oci'));
    const deadOther = other.replace(/\.\d+-\d+-/, '.1-1-');
    const foreign = join(folder, `.image.oci.${hostname()}.tmp`);
    for (const path of [own, dead, elsewhere, other, deadOther, foreign]) mkdirSync(path);
    await removeUnfinished(folder, 'image.oci');
    assert.deepEqual(
      readdirSync(folder).sort(),
      [own, elsewhere, other, deadOther, foreign].map((path) => basename(path)).sort(),
    );
    assert.deepEqual(
      (await livingBeside(target, own)).map(({ path }) => path),
      [elsewhere],
    );
  });

  test('a layout that shares its blobs by a link is not replaced', async () => {
    const { layout } = await buildSample();
    const linked = join(temporaryFolder(), 'image.oci');
    mkdirSync(linked);
    for (const name of ['oci-layout', 'index.json']) copyFileSync(join(layout, name), join(linked, name));
    symlinkSync(join(layout, 'blobs'), join(linked, 'blobs'));
    const count = blobsOf(layout).length;
    await assert.rejects(buildSample(undefined, { layoutFolder: linked, createdSeconds: 1 }), {
      code: 'OCI_LAYOUT_INVALID',
    });
    assert.equal(blobsOf(layout).length, count);
    assert.match(readFileSync(join(linked, 'index.json'), 'utf8'), /manifests/);
  });
});

function blobsOf(layout: string): readonly string[] {
  return readdirSync(join(layout, 'blobs/sha256'));
}
