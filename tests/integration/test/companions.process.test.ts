import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { loadEnclave, type Enclave } from '@enclos/host';
import type { EmbeddedPlatform } from '@enclos/software-sgx';
import { companion } from '@enclos/process-kit/enclaves/companion';
import { commandOf, isRunning, until } from '@enclos/process-kit/processes/process-watch';
import { descendants } from '@enclos/process-kit/processes/processes';
import { createWorkshop, refusedWith, type SignedImage } from '@enclos/process-kit';

const workshop = createWorkshop();
let platform: EmbeddedPlatform;
let signed: SignedImage;
let companionFiles: string;
let auditFile: string;
/** What the file of the companion says. */
let words: string;
before(async () => {
  auditFile = join(workshop.folder, 'audit.log');
  platform = await workshop.startPlatform('here', { auditFile });
  companionFiles = (await workshop.build('companion')).paths.companionFiles;
  const [file = ''] = readdirSync(companionFiles);
  words = readFileSync(join(companionFiles, file), 'utf8');
  signed = await workshop.signed('companion');
});
after(() => workshop.close());

const load = (files: string | undefined): Promise<Enclave<(typeof companion)['trusted']>> =>
  loadEnclave({ ...signed, interface: companion, untrusted: {}, launcher: platform, companionFiles: files });

describe('an enclave with a companion', () => {
  test('starts nothing without the files, or with others', async () => {
    await assert.rejects(load(undefined), refusedWith('HOST_MOUNT_REFUSED'));
    await assert.rejects(load(workshop.subfolder('empty')), refusedWith('HOST_MOUNT_REFUSED'));
    const changed = workshop.subfolder('changed');
    for (const name of readdirSync(companionFiles)) {
      const content = readFileSync(join(companionFiles, name));
      content[0] = (content[0] ?? 0) ^ 1;
      writeFileSync(join(changed, name), content);
    }
    await assert.rejects(load(changed), refusedWith('LAUNCH_FILE_REFUSED'));
  });

  test('calls its processes, learns why a call fails, and calls the next process after a crash', async () => {
    const enclave = await load(companionFiles);
    try {
      await enclave.call.ready({ processes: 2 });
      assert.equal(await enclave.call.ask({ text: 'hello' }), `${words}: HELLO`);
      assert.equal(await enclave.call.fail(), 'COMPANION_CALL_FAILED: the companion says why');
      assert.match(await enclave.call.crash(), /^COMPANION_LOST: /);
      assert.match(await enclave.call.undeclared(), /^COMPANION_NOT_DECLARED: /);
      await enclave.call.ready({ processes: 2 });
      assert.equal(await enclave.call.ask({ text: 'again' }), `${words}: AGAIN`);
    } finally {
      await enclave.dispose();
    }
    // The platform has the file, so a host needs no folder any more.
    await (await load(undefined)).dispose();
  });

  test('is in the audit log with its companions, their files and their ends', () => {
    const text = readFileSync(auditFile, 'utf8');
    const [digest = ''] = readdirSync(companionFiles);
    assert.match(text, new RegExp(`"companions":"engine words.txt=${digest}"`));
    assert.match(text, /"event":"companion-started".*"companion":"engine","number":0,"generation":1/);
    assert.match(text, /"event":"companion-ended".*"companion":"engine"/);
  });
});

const program = fileURLToPath(import.meta.resolve('@enclos/process-kit/hosts/companion-host'));

/** A host with its own platform and an enclave, whose companions run. */
async function startHost(): Promise<{
  readonly host: number;
  readonly platform: number;
  readonly enclave: readonly number[];
  readonly companions: readonly number[];
}> {
  const folder = mkdtempSync(join(workshop.folder, 'host-'));
  const [image, signature] = [join(folder, 'image'), join(folder, 'signature')];
  writeFileSync(image, signed.image);
  writeFileSync(signature, signed.signature);
  const state = workshop.stateFolder('hosts');
  const given = ['--image', image, '--signature', signature, '--files', companionFiles, '--state', state];
  const child = spawn(process.execPath, [program, ...given], { stdio: ['ignore', 'pipe', 'inherit'] });
  for await (const line of createInterface({ input: child.stdout })) {
    const said = JSON.parse(line) as { readonly platform: number };
    const below = descendants(said.platform);
    // Only the commands of companions name their files.
    const isCompanion = (id: number): boolean => commandOf(id).some((word) => word.includes('words.txt'));
    return {
      host: child.pid ?? 0,
      platform: said.platform,
      enclave: below.filter((id) => !isCompanion(id)),
      companions: below.filter(isCompanion),
    };
  }
  throw new Error('The host ended without a word.');
}

describe('kill -9', () => {
  for (const what of ['enclave', 'host', 'platform'] as const) {
    test(`of the ${what} leaves no process of a companion`, async () => {
      const started = await startHost();
      const { companions, enclave } = started;
      assert.ok(companions.length >= 2 && enclave.length > 0);
      for (const id of [started[what]].flat()) process.kill(id, 'SIGKILL');
      await until('they are gone', () => ![...companions, ...enclave].some(isRunning));
      if (what !== 'host') process.kill(started.host, 'SIGKILL');
      await until('host and platform are gone', () => ![started.host, started.platform].some(isRunning));
    });
  }
});
