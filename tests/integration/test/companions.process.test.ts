import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { loadEnclave, type Enclave } from '@enclos/host';
import type { EmbeddedPlatform } from '@enclos/software-sgx';
import { companion } from '@enclos/process-kit/enclaves/companion';
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
