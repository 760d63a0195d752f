import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { createContext, type Io } from '@enclos/cli-frame';
import { createPrinter } from '@enclos/command-line';
import { runNotes } from '../../../src/project/render.ts';
import { mrSignerOfKey } from '../../../src/project/sealing/signer.ts';
import { watchSealing } from '../../../src/project/sealing/closed-state.ts';
import { readSealers, rememberSealer, type Sealer } from '../../../src/project/sealing/sealer.ts';
import { enclos, signingKey, temporaryFolder } from '../../cli.ts';

const signer = mrSignerOfKey(signingKey());
const root = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);

interface Run {
  readonly debug?: boolean;
  readonly productId?: number;
  readonly securityVersion?: number;
  readonly mrSigner?: string;
  readonly keyFile?: string;
  readonly root?: number;
  readonly stateFolder?: string;
  readonly platformSocket?: string;
  readonly canSeal?: boolean;
  readonly cwd?: string;
  readonly atMinute?: number;
}

/** A project folder, and what `run` prints there before the host program starts. */
function project(folder = temporaryFolder()) {
  writeFileSync(join(folder, 'signing.key.pem'), signingKey());
  let minute = 0;
  const warned = async (given: Run = {}): Promise<string> => {
    let text = '';
    const stream = { write: (more: string) => void (text += more), isTTY: false, color: false };
    const { atMinute = (minute += 1) } = given;
    const io: Io = {
      stdout: stream,
      stderr: stream,
      stdin: (async function* () {})(),
      cwd: given.cwd ?? folder,
      env: { XDG_STATE_HOME: '/state' },
      now: () => new Date(Date.UTC(2026, 5, 1, 12, atMinute)),
      children: 'pipe',
      onSignal: () => () => undefined,
    };
    const { events } = runNotes(createContext({ io, notes: createPrinter(stream), commands: [] }));
    const { debug = false, productId = 1, securityVersion = 1, mrSigner = signer } = given;
    const run = {
      projectFolder: folder,
      build: {
        outcome: { canSeal: given.canSeal ?? true },
        identity: { mrSigner, productId, securityVersion, debug },
        keyFile: given.keyFile ?? join(folder, 'signing.key.pem'),
      },
      platform: { description: { rootFingerprint: root(given.root ?? 1) } },
      options: { stateFolder: given.stateFolder ?? '/state/enclos', platformSocket: given.platformSocket },
    };
    await watchSealing(run, io, events);
    return text;
  };
  return { folder, warned, sealedBy: join(folder, '.enclos/sealed-by') };
}

const other = 'ab'.repeat(32);
const howTo = `  To move it to the new identity: docs/how-to/keep-state.md, section "When the signer or the mode changes"\n`;

test('the same enclave on the same platform is quiet, and so is a later security version', async () => {
  const { warned } = project();
  assert.equal(await warned(), '');
  assert.equal(await warned(), '');
  assert.equal(await warned({ securityVersion: 2 }), '');
});

test('another mode is named, with the command that goes back', async () => {
  const { warned } = project();
  await warned({ debug: true });
  const head =
    '⚠ If the enclave sealed state up to 2026-06-01 12:01 UTC, this run cannot open it (SEAL_NOT_OPENED). What changed:\n';
  assert.equal(await warned(), `${head}    mode  debug → production\n  To open it: enclos run --debug\n${howTo}`);
  assert.equal(await warned(), '', 'said once for each change');
  assert.match(await warned({ debug: true }), /mode {2}production → debug\n {2}To open it: enclos run\n/);
});

test('another key is named, with the file that has the old one', async () => {
  const { warned, folder } = project();
  mkdirSync(join(folder, '.enclos'));
  const development = join(folder, '.enclos/development.key.pem');
  writeFileSync(development, signingKey());
  await warned({ keyFile: development });
  const text = await warned({ mrSigner: other });
  assert.match(text, new RegExp(`\n {4}signer {2}MRSIGNER ${signer.slice(0, 16)}… → MRSIGNER abababababababab…\n`));
  assert.match(text, /\n {2}To open it: enclos run --key .enclos\/development.key.pem\n/);
});

test('a key that is gone or replaced is asked for, and a pipe in its place is not read', async () => {
  const { warned, folder } = project();
  const key = join(folder, 'my key.pem');
  await warned({ keyFile: key });
  const lost = `${key} no longer holds the key of MRSIGNER ${signer}: restore it from a backup.`;
  const text = await warned({ mrSigner: other });
  assert.ok(text.includes(`\n  ${lost}\n`), text);
  assert.match(text, /To open it: enclos run --key 'my key.pem'\n/);
  await warned({ keyFile: key });
  spawnSync('mkfifo', [key]);
  assert.ok((await warned({ mrSigner: other })).includes(lost));
});

test('a lower security version and another product say what to write in enclave.json', async () => {
  const { warned } = project();
  await warned({ securityVersion: 3 });
  const lower = await warned({ securityVersion: 2 });
  assert.match(
    lower,
    /cannot open it \(SEAL_SVN_TOO_NEW\)[^]*security version {2}3 → 2\n {2}Set "securityVersion": 3 in enclave.json.\n {2}To open it: enclos run\n$/,
  );
  assert.match(
    await warned({ productId: 7 }),
    /product {11}1 → 7\n[^]*\n {2}Set "productId": 1 and "securityVersion": 2 in/,
  );
});

test('another platform is named with its place; the same place with other keys needs a backup', async () => {
  const { warned } = project();
  await warned({ stateFolder: '/srv/x', root: 2 });
  assert.match(
    await warned(),
    /platform {2}\/srv\/x \(root 0202020202020202…\) → \/state\/enclos \(root 0101[^]*enclos run --state \/srv\/x\n/,
  );
  await warned({ platformSocket: '/run/p.sock', root: 3 });
  assert.match(await warned(), /To open it: enclos run --platform \/run\/p.sock\n/);
  assert.match(
    await warned({ root: 9 }),
    /\n {2}\/state\/enclos has other keys than before: restore it from a backup.\n/,
  );
});

test('the state of the same mode is named too when the enclave is new here', async () => {
  const { warned } = project();
  await warned();
  await warned({ debug: true });
  const text = await warned({ mrSigner: other });
  assert.equal(text.match(/⚠/g)?.length, 2);
  assert.match(text, /12:02 UTC[^]*mode {4}debug → production[^]*12:01 UTC[^]*signer {2}MRSIGNER/);
});

test('an enclave without the code that seals is neither warned about nor remembered', async () => {
  const { warned, sealedBy } = project();
  assert.equal(await warned({ debug: true, canSeal: false }), '');
  assert.equal(await warned({ canSeal: false }), '');
  assert.throws(() => readdirSync(sealedBy), /ENOENT/);
});

test('a command for another folder names the project', async () => {
  const { warned, folder } = project();
  await warned({ debug: true });
  assert.ok((await warned({ cwd: '/' })).includes(`To open it: enclos run ${folder.slice(1)} --debug\n`));
});

test('what others put in the place of the files is skipped, and never waited for', async () => {
  const { warned, folder, sealedBy } = project();
  await warned({ debug: true });
  const [good = ''] = readdirSync(sealedBy);
  const text = readFileSync(join(sealedBy, good), 'utf8');
  const put = (digit: string, content: string): void =>
    writeFileSync(join(sealedBy, `${digit.repeat(32)}.json`), content);
  put('1', 'junk');
  put('2', text.replace('"debug":true', '"debug":"yes"'));
  put('3', `${text}${' '.repeat(20_000)}`);
  put('4', text.replace('"productId":1', '"productId":1,"more":1'));
  spawnSync('mkfifo', [join(sealedBy, `${'5'.repeat(32)}.json`)]);
  symlinkSync('/dev/zero', join(sealedBy, `${'6'.repeat(32)}.json`));
  mkdirSync(join(sealedBy, `${'7'.repeat(32)}.json`));
  writeFileSync(join(sealedBy, 'readme.txt'), text);
  assert.equal((await readSealers(folder)).length, 1);
  put('8', text.replace(/"keyFile":"[^"]*"/, String.raw`"keyFile":"x\u001b[2J\n"`));
  assert.doesNotMatch(await warned(), /\u001b/);
});

test('a record from the future does not stay the last one', async () => {
  const { warned } = project();
  await warned({ debug: true, atMinute: 9999 });
  assert.match(await warned(), /mode {2}debug → production/);
  assert.equal(await warned(), '');
});

test('what cannot be remembered is said, and stops nothing', async () => {
  const { warned, folder, sealedBy } = project();
  mkdirSync(join(folder, '.enclos'));
  writeFileSync(sealedBy, 'a file');
  assert.match(await warned(), /^enclos: later runs cannot warn about sealed state: .*sealed-by/);
  rmSync(sealedBy);
});

test('runs at the same time keep each other, and only the last 32 stay', async () => {
  const { folder } = project();
  const sealer = (productId: number): Sealer => ({
    mrSigner: signer,
    productId,
    securityVersion: 1,
    debug: false,
    platformRoot: other,
    platform: '/state/enclos',
    isSocket: false,
    keyFile: 'signing.key.pem',
    lastRunMs: 1_000_000 + productId,
  });
  const runs = (count: number) => Array.from({ length: count }, (_, index) => sealer(index));
  await Promise.all(runs(20).map((each) => rememberSealer(folder, each)));
  assert.equal((await readSealers(folder)).length, 20);
  for (const each of runs(40)) await rememberSealer(folder, each);
  const kept = (await readSealers(folder)).map(({ productId }) => productId);
  assert.deepEqual(
    kept,
    Array.from({ length: 32 }, (_, index) => 39 - index),
  );
});

test('keygen says what enclaves of the new key cannot open', async () => {
  const { folder } = project();
  rmSync(join(folder, 'signing.key.pem'));
  mkdirSync(join(folder, '.enclos'));
  writeFileSync(join(folder, '.enclos/development.key.pem'), signingKey());
  await project(folder).warned({ keyFile: join(folder, '.enclos/development.key.pem') });
  rmSync(join(folder, 'signing.key.pem'));
  const ran = await enclos(['keygen'], { cwd: folder, env: { XDG_STATE_HOME: '/state' } });
  assert.equal(ran.code, 0);
  assert.match(
    ran.stderr,
    /⚠ If the enclave sealed state up to 2026-06-01 12:01 UTC, an enclave that this key signs cannot open it \(SEAL_NOT_OPENED\). What changed:\n {4}signer {2}MRSIGNER [0-9a-f]{16}… → MRSIGNER [0-9a-f]{16}…\n {2}To open it: enclos run --key .enclos\/development.key.pem\n/,
  );
});
