import assert from 'node:assert/strict';
import { createCipheriv, hkdfSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { after, before, describe } from 'node:test';
import { appraise, parseCollateral, softwareRoot, verifyQuote } from '@enclos/attestation';
import { fromHex, toHex, utf8 } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import { createWorkshop, descendants, loadProbe } from '@enclos/process-kit';
import { isRunning, residentMiB, until } from '@enclos/process-kit/processes/process-watch';
import { encodeSealedBlob, parseSealedBlob, type SealedBlob } from '@enclos/tee';
import { singleUserAdvisory, type EmbeddedPlatform } from '@enclos/software-sgx';
import { nativeTest } from '@enclos/testkit';
import { privateImage, privateScene, type PrivateScene } from './private-image.ts';

const workshop = createWorkshop();
let platform: EmbeddedPlatform;
before(async () => {
  platform = await workshop.startPlatform('private');
});
after(() => workshop.close());

async function withScene(use: (scene: PrivateScene) => Promise<void>, image = privateImage()): Promise<void> {
  const scene = await privateScene({ launcher: platform }, image);
  try {
    await use(scene);
  } finally {
    await scene.close();
  }
}

/** The processes of the program and of its relay. */
function processesOf(): Readonly<Record<'relay' | 'program', number>> {
  const all = descendants(platform.processId);
  const named = (pattern: RegExp): number =>
    all.find((id) => pattern.test(readFileSync(`/proc/${id}/comm`, 'utf8'))) ?? 0;
  return { relay: named(/^enclos-relay/), program: named(/^p-/) };
}

describe('a program with a private network and the C header', () => {
  nativeTest('has evidence that a verifier accepts, and seals as other enclaves do', async () => {
    const key = { productId: 11, securityVersion: 3 };
    await withScene(
      async ({ ask, program }) => {
        const reportData = new Uint8Array(64).map((_, at) => at);
        const quote = fromHex(await ask(`quote ${toHex(reportData)}`));
        const root = await softwareRoot((await platform.describe()).rootCertificate);
        const endorsements = parseCollateral(JSON.parse(await platform.endorsements()));
        const verdict = await verifyQuote(quote, endorsements, { roots: [root], now: new Date() });
        const policy = {
          mrEnclave: [toHex(program.identity.mrEnclave)],
          minimumSecurityVersion: 3,
          acceptedStatuses: ['OK', 'CONFIGURATION_NEEDED'] as const,
          acceptedAdvisoryIds: [singleUserAdvisory],
          intelRoot: false,
          softwareRoots: [root.fingerprint],
        };
        assert.ok(appraise(verdict, policy, { reportData }, { now: new Date() }));
        const [header = '', secret = ''] = (await ask('secret 2')).split(' ');
        const probe = await loadProbe(platform, await workshop.signed('probe'));
        const blob = sealedUnder(fromHex(header), fromHex(secret), utf8('from C'));
        assert.deepEqual(await probe.call.unseal({ blob, policy: 'signer' }), utf8('from C'));
        await probe.dispose();
      },
      privateImage({ manifest: key }),
    );
  });

  nativeTest('lives on without its channel, and not after it broke the protocol', async () => {
    await withScene(async ({ ask, program }) => {
      await ask('closes');
      assert.equal(await ask('echo still here'), 'still here');
      await ask('abort').catch(() => undefined);
      const { detail } = await program.exited;
      assert.match(detail, /ended by SIGABRT/);
    });
    await withScene(async ({ ask, program }) => {
      // The platform may end it before it answers.
      await ask('wrong').catch(() => undefined);
      const { signal, detail } = await program.exited;
      assert.ok(signal === 'SIGKILL' || /SIGKILL/.test(detail), detail);
    });
  });

  nativeTest('cannot flood its relay', async () => {
    await withScene(async ({ ask, peak }) => {
      assert.equal(await ask('flood peer 443 230'), '230');
      assert.ok(peak() <= 192, `${peak()} connections`);
      // The peer reads nothing more of it: two windows, and what the sockets on the way hold.
      const bytes = Number(await ask('fill peer 443'));
      assert.ok(bytes > 256 * 1024 && bytes < 32 * 1024 * 1024, `${bytes} bytes`);
      const memory = residentMiB(processesOf().relay);
      assert.ok(memory < 16, `${memory} MiB`);
      assert.equal(await ask('fetch peer 443 after'), 'peer: after');
      const large = 'x'.repeat(140_000);
      assert.equal(await ask(`echo ${large}`), large);
    });
  });

  for (const victim of ['relay', 'program'] as const) {
    nativeTest(`leaves nothing when its ${victim} is killed`, async () => {
      await withScene(async ({ ask, program }) => {
        assert.equal(await ask('echo x'), 'x');
        const all = descendants(platform.processId);
        process.kill(processesOf()[victim], 'SIGKILL');
        await program.exited;
        await until('no process is left', () => !all.some(isRunning));
      });
    });
  }
});

describe('the death of a platform', () => {
  nativeTest('ends a program with a private network, and its relay', async () => {
    const other = await workshop.startPlatform('killed');
    const scene = await privateScene({ launcher: other });
    const { program, ask } = scene;
    try {
      assert.equal(await ask('echo x'), 'x');
      const all = descendants(other.processId);
      process.kill(other.processId, 'SIGKILL');
      await program.exited;
      await until('no process is left', () => !all.some(isRunning));
    } finally {
      await scene.close();
    }
  });
});

/** Seals as `docs/reference/c-header.md` says. */
function sealedUnder(header: Uint8Array, secret: Uint8Array, plaintext: Uint8Array): Uint8Array {
  const key = new Uint8Array(hkdfSync('sha256', secret, new Uint8Array(), utf8('enclos seal v1'), 32));
  const nonce = header.subarray(524);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(header);
  const ciphertext = new Uint8Array(Buffer.concat([cipher.update(plaintext), cipher.final()]));
  const length = new Uint8Array(new Uint32Array([plaintext.length]).buffer);
  const blob = new Uint8Array([...header, ...length, ...ciphertext, ...cipher.getAuthTag()]);
  const read: SealedBlob = parseSealedBlob(blob);
  if (Buffer.compare(encodeSealedBlob(read), blob) !== 0) throw new EnclosError('SEAL_NOT_OPENED');
  return blob;
}
