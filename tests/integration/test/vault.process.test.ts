import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { copyFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { softwareRoot } from '@enclos/attestation';
import { buildEnclave, loadProject, signEnclave } from '@enclos/build';
import { toBase64url, toHex, utf8 } from '@enclos/codec';
import { encodeValue } from '@enclos/edl';
import {
  attest,
  createOwner,
  createReader,
  encryptMessage,
  loadVault,
  read,
  releasedSecret,
  replace,
  serveVault,
  StoryError,
  tellStory,
  upload,
  vaultProjectFolder,
  VaultResponseError,
  type Attested,
  type ClientKey,
  type SecretUpload,
  type VaultEnclave,
  type VaultServer,
  type VaultTrust,
} from '@enclos/sample-vault';
import { mrSignerOf } from '@enclos/sgx';
import { publicModulus, sha256 } from '@enclos/sgx/node';
import { openVendor, singleUserAdvisory, stateFolders, type EmbeddedPlatform } from '@enclos/software-sgx';
import { createWorkshop, signingKey } from '@enclos/process-kit';

interface Run {
  readonly exitCode: number;
  readonly output: string;
  readonly errors: string;
}

function runDemo(environment: NodeJS.ProcessEnv): Promise<Run> {
  const demo = fileURLToPath(import.meta.resolve('@enclos/sample-vault/demo'));
  return new Promise((resolve) => {
    execFile(process.execPath, [demo], { env: environment }, (error, output, errors) => {
      resolve({ exitCode: error === null ? 0 : Number(error.code), output, errors });
    });
  });
}

const steps = [
  /^sha256sum of the image prints the same value$/,
  /^the platform measured the image to the same value, verified its signature and started it$/,
  /^(\d+) of \1 verification steps passed$/,
  /^the quote is for this image, and bound to the client's nonce and the enclave's key$/,
  /refuses the same enclave: APPRAISAL_REFUSED$/,
  /^the host's disk does not hold the secret$/,
  /^the reader whom the owner named reads back: "the launch code is 7-4-1-9"$/,
  /^a reader whom the owner did not name gets nothing: /,
  /^an answer that the host made itself is refused: ANSWER_NOT_AUTHENTIC$/,
  /^someone else's upload under this name is refused: /,
  /^someone else's replacement is refused: /,
  /^the owner replaces it: version 2, "the launch code is 2-8-6-5"$/,
  /^an earlier blob, put back on the disk, is noticed: /,
  /^a call to it answers ENCLAVE_LOST at once$/,
  /^the restarted enclave, attested anew, unsealed the secret: "the launch code is 2-8-6-5"$/,
  /cannot unseal: SEAL_NOT_OPENED$/,
  /cannot open what version 2 sealed: SEAL_SVN_TOO_NEW$/,
  /does not load: LAUNCH_MEASUREMENT_MISMATCH$/,
];

const workshop = createWorkshop();
after(() => workshop.close());

describe('the demo', () => {
  test('tells every step, leaves nothing behind and exits with 0', async () => {
    const temporary = workshop.subfolder('demo');
    const run = await runDemo({ ...process.env, TMPDIR: temporary, NO_COLOR: '1' });
    assert.equal(run.exitCode, 0, run.errors);
    const told = run.output.split('\n').filter((line) => line.includes('✔'));
    assert.equal(told.length, steps.length, run.output);
    for (const [index, step] of steps.entries()) assert.match(told[index]?.replace('✔', '').trim() ?? '', step);
    assert.deepEqual(readdirSync(temporary), []);
  });

  test('exits with another code when it cannot begin', async () => {
    const run = await runDemo({ ...process.env, TMPDIR: join(workshop.folder, 'absent') });
    assert.notEqual(run.exitCode, 0);
    assert.doesNotMatch(run.output, /✔/);
  });

  test('ends at the first step that did not happen, with exit code 1', async () => {
    const lines: string[] = [];
    const failures: string[] = [];
    const output = { write: (line: string) => lines.push(line), fail: (line: string) => failures.push(line) };
    const exitCode = await tellStory(async (story) => {
      story.happened('this one did', true);
      assert.throws(() => story.happened('this one did not', false), StoryError);
      story.happened('nor did this one', false);
      story.happened('this one came too late', true);
    }, output);
    assert.equal(exitCode, 1);
    assert.deepEqual(
      lines.map((line) => line.trim()),
      ['✔ this one did'],
    );
    assert.match(failures.join(), /This did not happen: nor did this one/);
    assert.equal(await tellStory(async (story) => story.note('all well'), output), 0);
    await assert.rejects(
      tellStory(() => Promise.reject(new TypeError('a mistake in the demo')), output),
      TypeError,
    );
  });
});

describe('the vault', () => {
  let platform: EmbeddedPlatform;
  let enclave: VaultEnclave;
  let server: VaultServer;
  let trust: VaultTrust;
  let attested: Attested;
  let owner: ClientKey;
  let reader: ClientKey;
  let storage: string;
  const logged: string[] = [];

  before(async () => {
    platform = await workshop.startPlatform('vault');
    storage = workshop.subfolder('storage');
    const project = await loadProject(vaultProjectFolder);
    const { image } = await buildEnclave(project, { outFolder: workshop.subfolder('vault-build') });
    const key = signingKey('first');
    const signature = signEnclave({ image, key, date: new Date('2026-06-01') });
    const onLog = (_level: string, text: string) => void logged.push(text);
    enclave = await loadVault({ image, signature, launcher: platform, storage, onLog });
    server = await serveVault(enclave, platform);
    trust = await trustIn(toHex(mrSignerOf(publicModulus(key), sha256)));
    attested = await attest(server.url, trust);
    owner = await createOwner();
    reader = await createReader();
  });
  after(async () => {
    await server.close();
    await enclave.dispose();
  });

  async function trustIn(mrSigner: string): Promise<VaultTrust> {
    const { vendorFolder } = stateFolders(workshop.stateFolder('vault'));
    const root = await softwareRoot((await openVendor(vendorFolder)).rootPem);
    return {
      roots: [root],
      policy: {
        mrSigner: [mrSigner],
        productId: 7,
        minimumSecurityVersion: 2,
        acceptedStatuses: ['CONFIGURATION_NEEDED'],
        acceptedAdvisoryIds: [singleUserAdvisory],
        intelRoot: false,
        softwareRoots: [root.fingerprint],
      },
    };
  }

  const secretOf = (name: string, text: string): SecretUpload => ({
    name,
    owner: owner.publicKey,
    readers: [reader.publicKey],
    value: utf8(text),
  });

  async function readText(name: string, from: Attested = attested): Promise<string> {
    const { version, value } = await read(from, reader, { name, owner: owner.publicKey });
    return `${version}: ${Buffer.from(value).toString()}`;
  }

  const refused =
    (code: string, message = /./) =>
    (error: unknown): boolean =>
      error instanceof VaultResponseError && error.code === code && message.test(error.message);
  const refusedByEnclave = (message: RegExp) => refused('ENCLAVE_APPLICATION_ERROR', message);

  /** Serves the same enclave through a host that answers reads by itself. */
  async function readThrough(release: VaultEnclave['call']['release'], name: string): Promise<string> {
    const hostile = await serveVault({ call: { ...enclave.call, release } }, platform);
    try {
      return await readText(name, await attest(hostile.url, trust));
    } finally {
      await hostile.close();
    }
  }

  test('refuses clients nothing but a value that attest() made', async () => {
    const copy = { ...attested };
    await assert.rejects(upload(copy, secretOf('copied', 'a')), TypeError);
    await assert.rejects(replace(copy, secretOf('copied', 'a'), { owner, version: 2 }), TypeError);
    await assert.rejects(readText('copied', copy), TypeError);
  });

  test("an answer that the host forged does not pass for the enclave's", async () => {
    await upload(attested, secretOf('forged', 'genuine'));
    const lie = encodeValue(releasedSecret, { version: 1, owner: owner.publicKey, value: utf8('a lie') });
    const { pair } = await createReader();
    for (const sender of [{}, { sender: pair }]) {
      const forge: VaultEnclave['call']['release'] = ({ name, challenge }) =>
        encryptMessage(lie, { direction: 'release', name, challenge }, { recipient: reader.publicKey, ...sender });
      await assert.rejects(readThrough(forge, 'forged'), refused('ANSWER_NOT_AUTHENTIC'));
    }
    assert.equal(await readThrough(enclave.call.release, 'forged'), '1: genuine');
  });

  test("the enclave's answer to another question does not pass either", async () => {
    await upload(attested, secretOf('question', 'first'));
    await upload(attested, secretOf('other question', 'second'));
    const earlier = await enclave.call.release({
      name: 'question',
      reader: reader.publicKey,
      challenge: new Uint8Array(32),
    });
    await assert.rejects(
      readThrough(() => Promise.resolve(earlier), 'question'),
      refused('ANSWER_NOT_AUTHENTIC'),
    );
    await assert.rejects(
      readThrough((question) => enclave.call.release({ ...question, name: 'other question' }), 'question'),
      refused('ANSWER_NOT_AUTHENTIC'),
    );
  });

  test('only its owner replaces a secret, by the next version, once', async () => {
    await upload(attested, secretOf('owned', 'one'));
    const mallory = await createOwner();
    const stolen = { ...secretOf('owned', 'stolen'), owner: mallory.publicKey };
    await assert.rejects(upload(attested, stolen), refusedByEnclave(/only its owner can replace it/));
    await assert.rejects(
      replace(attested, stolen, { owner: mallory, version: 2 }),
      refusedByEnclave(/not signed by the owner/),
    );
    for (const version of [0, 1, 3]) {
      await assert.rejects(
        replace(attested, secretOf('owned', 'skipped'), { owner, version }),
        refusedByEnclave(/only the next one/),
      );
    }
    await assert.rejects(
      replace(attested, secretOf('absent', 'two'), { owner, version: 1 }),
      refusedByEnclave(/no such/),
    );
    assert.equal(await readText('owned'), '1: one');
    await replace(attested, secretOf('owned', 'two'), { owner, version: 2 });
    assert.equal(await readText('owned'), '2: two');
  });

  test('of two replacements at once, one wins', async () => {
    await upload(attested, secretOf('raced', 'start'));
    const results = await Promise.allSettled(
      ['a', 'b', 'c'].map((text) => replace(attested, secretOf('raced', text), { owner, version: 2 })),
    );
    assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1);
    assert.match(await readText('raced'), /^2: [abc]$/);
  });

  test('an order holds for the upload, version and name that the owner signed', async () => {
    await upload(attested, secretOf('ordered', 'one'));
    const recorded: Parameters<VaultEnclave['call']['replace']>[0][] = [];
    const call = {
      ...enclave.call,
      replace: async (order: (typeof recorded)[number]): Promise<void> => void recorded.push(order),
    };
    const recording = await serveVault({ call }, platform);
    const through = await attest(recording.url, trust);
    await replace(through, secretOf('ordered', 'two'), { owner, version: 2 });
    await replace(through, secretOf('ordered', 'other two'), { owner, version: 2 });
    await recording.close();
    const [first, second] = recorded;
    assert.ok(first !== undefined && second !== undefined);

    const refusal = (message: RegExp) => ({ code: 'ENCLAVE_APPLICATION_ERROR', message });
    await assert.rejects(enclave.call.replace({ ...first, upload: second.upload }), refusal(/not signed/));
    await assert.rejects(enclave.call.replace({ ...first, name: 'owned' }), refusal(/could not be opened/));
    await enclave.call.replace(first);
    await assert.rejects(enclave.call.replace(first), refusal(/only the next one/));
    await assert.rejects(enclave.call.replace({ ...first, version: 3 }), refusal(/not signed/));
    await assert.rejects(
      enclave.call.put({ name: 'ordered', upload: first.upload }),
      refusal(/There is such a secret/),
    );
    assert.equal(await readText('ordered'), '2: two');
  });

  const blobOf = (name: string): string => join(storage, `${Buffer.from(name).toString('hex')}.sealed`);

  test('an earlier blob, and none, are refused for as long as the enclave lives', async () => {
    await upload(attested, secretOf('rolled', 'one'));
    const earlier = readFileSync(blobOf('rolled'));
    await replace(attested, secretOf('rolled', 'two'), { owner, version: 2 });
    writeFileSync(blobOf('rolled'), earlier);
    await assert.rejects(readText('rolled'), refusedByEnclave(/an earlier version/));
    rmSync(blobOf('rolled'));
    await assert.rejects(readText('rolled'), refusedByEnclave(/an earlier version/));
    await assert.rejects(upload(attested, secretOf('rolled', 'again')), refusedByEnclave(/an earlier version/));
  });

  test('a blob under the name of another does not open', async () => {
    await upload(attested, secretOf('here', 'here'));
    await upload(attested, secretOf('there', 'there'));
    copyFileSync(blobOf('here'), blobOf('there'));
    await assert.rejects(readText('there'), refused('SEAL_NOT_OPENED'));
  });

  test('an upload holds for the name that it was encrypted under', async () => {
    const puts: Parameters<VaultEnclave['call']['put']>[0][] = [];
    const call = { ...enclave.call, put: async (given: (typeof puts)[number]): Promise<void> => void puts.push(given) };
    const recording = await serveVault({ call }, platform);
    await upload(await attest(recording.url, trust), secretOf('meant', 'for this name'));
    await recording.close();
    const [given] = puts;
    assert.ok(given !== undefined);
    await assert.rejects(enclave.call.put({ ...given, name: 'not meant' }), /could not be opened/);
    await enclave.call.put(given);
    assert.equal(await readText('meant'), '1: for this name');
  });

  test('a secret of another owner is not taken for the one that was asked for', async () => {
    const other = await createOwner();
    await upload(attested, { ...secretOf('whose', 'planted'), owner: other.publicKey });
    await assert.rejects(readText('whose'), refused('OTHER_OWNER'));
  });

  async function codeOf(response: Response): Promise<unknown> {
    const body: unknown = await response.json();
    return Reflect.get(Object(body), 'code');
  }

  test('a body over 256 KiB is refused, announced or streamed, and the host lives on', async () => {
    const size = 256 * 1024 + 1;
    const chunks = new ReadableStream<Uint8Array>({
      start(controller) {
        for (let left = size; left > 0; left -= 65_536) controller.enqueue(new Uint8Array(Math.min(left, 65_536)));
        controller.close();
      },
    });
    const streamed = { body: chunks, duplex: 'half' } as const;
    for (const init of [{ body: new Uint8Array(size) }, streamed]) {
      const response = await fetch(`${server.url}/secrets/large`, { method: 'POST', ...init });
      assert.equal(response.status, 413);
      assert.equal(await codeOf(response), 'BODY_TOO_LARGE');
    }
    assert.ok(await attest(server.url, trust));
  });

  test('a field or query over its bound is refused', async () => {
    const body = JSON.stringify({ encapsulatedKey: 'A'.repeat(100_000), ciphertext: 'AAAA' });
    const posted = await fetch(`${server.url}/secrets/large`, { method: 'POST', body });
    assert.deepEqual([posted.status, await codeOf(posted)], [400, 'CODEC_OUT_OF_RANGE']);
    const queried = await fetch(`${server.url}/evidence?nonce=${toBase64url(new Uint8Array(66))}`);
    assert.deepEqual([queried.status, await codeOf(queried)], [400, 'CODEC_OUT_OF_RANGE']);
  });

  test('a name cannot write lines of its own into the log', async () => {
    await upload(attested, secretOf('a\nsealed version 9 of "b"', 'one'));
    assert.equal(await readText('a\nsealed version 9 of "b"'), '1: one');
    assert.ok(logged.some((line) => line.includes(String.raw`"a\nsealed version 9 of \"b\""`)));
    assert.ok(logged.every((line) => !line.includes('\n')));
  });

  test('nothing but sealed blobs is left in the storage', () => {
    assert.ok(readdirSync(storage).every((file) => file.endsWith('.sealed')));
  });
});
