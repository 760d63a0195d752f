import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { failsWith, goProgram, goTest } from '@enclos/testkit';
import { carriedFolder, createOverlay, findGo, type GoToolchain } from '../src/index.ts';
import { patchesFor } from '../src/overlay/patches.ts';

const carried = carriedFolder();
const overlayOf = (go: GoToolchain) => createOverlay(go, { architecture: 'amd64', carried });

/** The sources that the overlay changes, at another place. */
async function copyOf(t: TestContext, go?: GoToolchain): Promise<GoToolchain> {
  const from = go ?? (await findGo(goProgram, process.env));
  const root = mkdtempSync(join(tmpdir(), 'enclos-go-'));
  t.after(() => rmSync(root, { recursive: true }));
  for (const { file } of patchesFor(from.version)) {
    const path = join('src', file.replace('ARCH', 'amd64'));
    mkdirSync(join(root, dirname(path)), { recursive: true });
    cpSync(join(from.root, path), join(root, path));
  }
  return { ...from, root };
}

goTest('the overlay of one Go is the same wherever its root is', async (t) => {
  const go = await findGo(goProgram, process.env);
  const other = await copyOf(t, go);
  assert.notEqual(go.root, other.root);
  assert.equal(overlayOf(go).sha256, overlayOf(other).sha256);
});

goTest('only functions of the standard library get a line, and our files are beside', async () => {
  const go = await findGo(goProgram, process.env);
  for (const { path, content } of overlayOf(go).files) {
    if (path.includes('/enclos')) continue;
    const [own, changed] = [readFileSync(join(go.root, 'src', path), 'utf8').split('\n'), content.split('\n')];
    assert.equal(own.length, changed.length, path);
    for (const [i, line] of own.entries()) {
      if (changed[i] !== line) assert.ok(changed[i]?.startsWith(`${line} if `), `${path}:${i}`);
    }
  }
});

goTest('the overlay is for one architecture', async () => {
  const go = await findGo(goProgram, process.env);
  const arm = createOverlay(go, { architecture: 'arm64', carried });
  assert.notEqual(arm.sha256, overlayOf(go).sha256);
  assert.ok(arm.files.some(({ path }) => path === 'syscall/zsyscall_linux_arm64.go'));
});

goTest('another standard library is refused with function, file and version', async (t) => {
  const go = await copyOf(t);
  const file = join(go.root, 'src/net/fd_unix.go');
  const own = readFileSync(file, 'utf8');
  writeFileSync(file, own.replace('func (fd *netFD) connect(', 'func (fd *netFD) dialIt('));
  const message = /\(\*netFD\)\.connect, .* is not there in net\/fd_unix\.go of go1\.24/;
  assert.throws(() => overlayOf(go), message);
  writeFileSync(file, `${own}\nfunc (fd *netFD) connect(ctx context.Context, la, ra syscall.Sockaddr) (error) {\n}\n`);
  assert.throws(() => overlayOf(go), /is there 2 times in net\/fd_unix\.go/);
  rmSync(file);
  assert.throws(() => overlayOf(go), failsWith('GO_ANCHOR_MISSING'));
  assert.throws(() => overlayOf(go), /has no net\/fd_unix\.go/);
});

goTest('what a later Go has is not asked of an earlier one', async (t) => {
  const go = await copyOf(t);
  const file = join(go.root, 'src/internal/syscall/unix/at.go');
  writeFileSync(file, readFileSync(file, 'utf8').replace('func Mkdirat(', 'func mkdirAt('));
  assert.throws(() => overlayOf(go), /The function Mkdirat, .* is not there/);
  renameSync(
    join(go.root, 'src/internal/syscall/unix/copy_file_range_unix.go'),
    join(go.root, 'src/internal/syscall/unix/copy_file_range_linux.go'),
  );
  const paths = overlayOf({ ...go, version: 'go1.23.5' }).files.map(({ path }) => path);
  assert.ok(paths.includes('internal/syscall/unix/copy_file_range_linux.go'));
  assert.ok(!paths.includes('internal/syscall/unix/copy_file_range_unix.go'));
  assert.throws(() => overlayOf({ ...go, version: 'go1.22.12' }), /go1\.22\.12 at .* has no runtime\/nbpipe_pipe2\.go/);
});

test('a Go of which only the branch is known has the changes of the newest', () => {
  assert.deepEqual(patchesFor('devel go1.27-abcdef'), patchesFor('go1.99'));
});

test('a Go that is not there is refused', async () => {
  await assert.rejects(findGo('/nowhere/go', {}), failsWith('GO_NOT_FOUND'));
  await assert.rejects(findGo(process.execPath, {}), failsWith('GO_NOT_FOUND'));
});

test('a package without its Go files is refused', () => {
  const go = { path: '', root: '/', version: 'go1.24.4' };
  assert.throws(
    () => createOverlay(go, { architecture: 'amd64', carried: '/nowhere' }),
    failsWith('GO_ANCHOR_MISSING'),
  );
});
