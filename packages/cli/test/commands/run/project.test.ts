import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, mkdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { scenario } from '@enclos/evidence-kit';
import { verifySigstruct } from '@enclos/sgx';
import { sha256 } from '@enclos/sgx/node';
import { projectKey } from '../../../src/project/development-key.ts';
import { mrSignerOfKey } from '../../../src/project/sealing/signer.ts';
import { enclos, errorOf, jsonLines, newProject, signingKey, temporaryFolder } from '../../cli.ts';

const folder = await newProject('greeter');
const image = join(folder, '.enclos/greeter.sgxs');
const built = await enclos(['build', '--json'], { cwd: folder });
const keyFile = join(folder, 'test.pem');
writeFileSync(keyFile, signingKey(), { mode: 0o600 });

test('build writes an image whose SHA-256 is the MRENCLAVE that it prints', async () => {
  assert.equal(built.code, 0, built.stderr);
  const { mrEnclave, name, image: path, warnings, debug } = built.json();
  assert.deepEqual([name, path, warnings, debug], ['greeter', image, [], false]);
  assert.equal(createHash('sha256').update(readFileSync(image)).digest('hex'), mrEnclave);
});

test('build by an argument from elsewhere, into another folder, gives the same enclave', async () => {
  const out = temporaryFolder();
  const ran = await enclos(['build', folder, '--out', 'images'], { cwd: out });
  assert.match(
    ran.stdout,
    /^✔ built greeter in \d+ ms\n {2}image {6}\S+greeter\.sgxs \([\d,]+ bytes\)\n {2}MRENCLAVE {2}[0-9a-f]{64}\n$/,
  );
  assert.deepEqual(readFileSync(join(out, 'images/greeter.sgxs')), readFileSync(image));
});

test('build shows where a source is wrong, as a code frame and as JSON', async () => {
  const broken = await newProject('broken');
  writeFileSync(
    join(broken, 'src/broken.enclave.ts'),
    "import { readFile } from 'node:fs';\nexport const x = readFile;\n",
  );
  const ran = await enclos(['build', broken]);
  assert.equal(ran.code, 2);
  assert.match(ran.stderr, /src\/broken\.enclave\.ts:1:\d+\n.*1 │ import \{ readFile \} from 'node:fs';\n.*\^/);
  assert.match(ran.stderr, /\n✖ BUILD_FORBIDDEN_IMPORT: /);
  const error = errorOf(await enclos(['build', broken, '--json']));
  assert.equal(error.diagnostics?.[0]?.['file'], 'src/broken.enclave.ts');
});

test('build without a project is a usage error', async () => {
  const ran = await enclos(['build', '--json'], { cwd: temporaryFolder() });
  assert.equal(ran.code, 2);
  assert.equal(errorOf(ran).code, 'BUILD_FILE_UNREADABLE');
});

test('sign writes a SIGSTRUCT beside the image that verifies, and says what is in it', async () => {
  const ran = await enclos(['sign', '--key', 'test.pem', '--json'], { cwd: folder });
  assert.equal(ran.code, 0, ran.stdout);
  const { signature, mrEnclave, mrSigner, productId, securityVersion, debug, date } = ran.json();
  assert.equal(signature, join(folder, '.enclos/greeter.sig'));
  const sigstruct = verifySigstruct(new Uint8Array(readFileSync(join(folder, '.enclos/greeter.sig'))), sha256);
  assert.equal(Buffer.from(sigstruct.enclaveHash).toString('hex'), mrEnclave);
  assert.equal(mrSigner, mrSignerOfKey(signingKey()));
  assert.deepEqual([productId, securityVersion, debug, date], [1, 1, false, '20260601']);
});

test('sign takes an image, a date and a target; SOURCE_DATE_EPOCH dates it too', async () => {
  const out = temporaryFolder();
  const given = await enclos(['sign', image, '--key', keyFile, '--date', '2020-02-29', '--out', 'a.sig'], { cwd: out });
  assert.match(given.stdout, /product 1, security version 1, production, dated 20200229\n$/);
  const epoch = await enclos(['sign', image, '--key', keyFile, '--out', 'b.sig'], {
    cwd: out,
    env: { SOURCE_DATE_EPOCH: '1582934400' },
  });
  assert.equal(epoch.code, 0);
  assert.deepEqual(readFileSync(join(out, 'b.sig')), readFileSync(join(out, 'a.sig')));
});

test('sign refuses what it cannot sign, or sign with', async () => {
  const unbuilt = await newProject('unbuilt');
  const codeOf = async (argv: readonly string[]) => {
    const ran = await enclos([...argv, '--json'], { cwd: unbuilt });
    return [ran.code, errorOf(ran).code];
  };
  assert.deepEqual(await codeOf(['sign', '--key', keyFile]), [2, 'CLI_NOT_BUILT']);
  assert.deepEqual(await codeOf(['sign', image, '--key', 'absent.pem']), [2, 'CLI_FILE_UNREADABLE']);
  assert.deepEqual(await codeOf(['sign', image, '--key', 'enclave.json']), [2, 'SIGNING_KEY_INVALID']);
  assert.deepEqual(await codeOf(['sign', 'absent', '--key', keyFile]), [2, 'CLI_FILE_UNREADABLE']);
  assert.deepEqual(await codeOf(['sign', 'enclave.json', '--key', keyFile]), [2, 'SGXS_INVALID']);
});

test('keygen makes a key that only this user can read, and never writes over one', async () => {
  const cwd = temporaryFolder();
  const ran = await enclos(['keygen', '--json'], { cwd });
  const path = join(cwd, 'signing.key.pem');
  assert.deepEqual(ran.json(), { path, mrSigner: mrSignerOfKey(readFileSync(path)) });
  assert.equal(statSync(path).mode & 0o777, 0o600);
  const before = readFileSync(path);
  const again = await enclos(['keygen', '--json'], { cwd });
  assert.deepEqual([again.code, errorOf(again).code], [2, 'BUILD_FILE_EXISTS']);
  assert.deepEqual(readFileSync(path), before);
});

test('inspect shows an image, its trusted base, a signature and a key as a tree and as JSON', async () => {
  const ran = await enclos(['inspect', image]);
  assert.equal(ran.code, 0);
  assert.match(ran.stdout, /^Enclave image greeter\n├─ MRENCLAVE {2}[0-9a-f]{64}/);
  assert.match(ran.stdout, /└─ trusted base .*\n {3}├─ bundle, [\d,]+ bytes, [\d,]+ lines\n/);
  assert.match(ran.stdout, /│ {2}[├└]─ greeter@0\.0\.1 +\d+ bytes {2}\d+ lines\n/);
  const kinds = await Promise.all(
    ['.enclos/greeter.sgxs', '.enclos/greeter.sig', 'test.pem'].map(
      async (path) => (await enclos(['inspect', path, '--json'], { cwd: folder })).json()['kind'],
    ),
  );
  assert.deepEqual(kinds, ['image', 'sigstruct', 'signing-key']);
});

test('inspect shows a quote of any version field by field, and says that it is not verified', async () => {
  for (const [kind, title] of [
    ['sgx-v3', 'SGX quote, version 3'],
    ['tdx-v4', 'TDX quote, version 4'],
  ] as const) {
    writeFileSync(join(folder, 'quote.bin'), scenario({ kind }).quote);
    const { stdout } = await enclos(['inspect', 'quote.bin'], { cwd: folder });
    assert.ok(stdout.startsWith(`${title}\n`), stdout);
    assert.match(stdout, /^├─ verified +no +this shows what it claims/m);
    assert.match(stdout, kind === 'sgx-v3' ? /MRENCLAVE +[0-9a-f]{64}/ : /MRTD +[0-9a-f]{96}/);
    assert.match(stdout, /certificate CN=Intel SGX PCK/);
  }
});

test('inspect refuses what it does not know, and says what it is', async () => {
  const ran = await enclos(['inspect', 'enclave.json', '--json'], { cwd: folder });
  assert.deepEqual([ran.code, errorOf(ran).code], [2, 'BUILD_FILE_UNRECOGNISED']);
  const damaged = join(folder, 'damaged.sig');
  writeFileSync(damaged, readFileSync(join(folder, '.enclos/greeter.sig')).subarray(0, 1000));
  assert.equal((await enclos(['inspect', damaged])).code, 3);
});

test('the key of a project: the given one, signing.key.pem, or one that is made once and stays', async () => {
  const home = temporaryFolder();
  const made = await projectKey(home, undefined);
  assert.deepEqual([made.isNew, made.path], [true, join(home, '.enclos/development.key.pem')]);
  assert.equal(statSync(made.path).mode & 0o777, 0o600);
  assert.deepEqual(await projectKey(home, undefined), { ...made, isNew: false });
  writeFileSync(join(home, 'signing.key.pem'), signingKey());
  assert.equal((await projectKey(home, undefined)).path, join(home, 'signing.key.pem'));
  assert.equal((await projectKey(home, keyFile)).path, keyFile);
  await assert.rejects(projectKey(home, join(home, 'absent.pem')), /There is no key/);
});

test('run builds what the sources are now, wherever they are and whenever they were changed', async () => {
  const project = await newProject('fresh');
  const sources = join(project, 'lib/check.ts');
  const state = join(temporaryFolder(), 'state');
  mkdirSync(join(project, 'lib'));
  const main = join(project, 'src/fresh.enclave.ts');
  writeFileSync(main, `import { mark } from '../lib/check.ts';\n${readFileSync(main, 'utf8')}\nexport { mark };\n`);
  const images = [];
  for (const mark of ['vulnerable', 'fixed']) {
    writeFileSync(sources, `export const mark = '${mark}';\n`);
    const before = new Date('2020-01-01');
    utimesSync(sources, before, before);
    // Without a host program it ends where the image is built and signed.
    const ran = await enclos(['run', project, '--state', state, '--key', keyFile, '--host', 'src/absent.ts']);
    // A slow machine says first that it is building.
    assert.match(ran.stderr, /^(?:building …\n)?enclos: built fresh in \d+ ms, MRENCLAVE [0-9a-f]{64}\n/);
    images.push(readFileSync(join(project, '.enclos/fresh.sgxs')));
  }
  assert.deepEqual(
    images.map((bytes) => bytes.includes('fixed')),
    [false, true],
  );
});

test('run refuses a project without a host, and shows where a host is wrong, before any platform starts', async () => {
  const state = join(temporaryFolder(), 'state');
  const run = (...more: readonly string[]) => enclos(['run', folder, '--state', state, '--key', keyFile, ...more]);
  const absent = await run('--host', 'src/absent.ts');
  assert.equal(absent.code, 2);
  assert.match(absent.stderr, /✖ CLI_HOST_MISSING: There is no src\/absent\.ts in /);
  const asLines = await run('--host', 'src/absent.ts', '--json');
  assert.deepEqual(
    jsonLines(asLines.stdout).map((line) => line['event'] ?? (line['error'] as { code: string }).code),
    ['built', 'CLI_HOST_MISSING'],
  );
  appendFileSync(join(folder, 'src/host.ts'), '\nconst ü = ;\n');
  const wrong = await run();
  assert.equal(wrong.code, 2);
  assert.match(wrong.stderr, /src\/host\.ts:\d+:11\n.* │ const ü = ;\n.* │ {11}\^\n/);
  assert.match(wrong.stderr, /✖ BUILD_FAILED: The host program could not be bundled\./);
  assert.equal(existsSync(state), false);
});
