import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { startPlatform, verifyAudit, type EmbeddedPlatform } from '@enclos/software-sgx';
import { codeOf, same } from '../disk/expect.ts';
import { empty, fillTo } from '../disk/fill.ts';
import { mountDisk } from '../disk/own-mounts.ts';
import type { Tally } from '../program.ts';
import { SealedCounter } from './counter.ts';
import { loadSigned } from './load-signed.ts';
import type { SignedLane } from './signed-lane.ts';

/** Lets the audit log and the sealed state of a signed enclave find no space while it runs. */
export async function fullDisks(lane: SignedLane, tally: Tally): Promise<void> {
  Object.assign(process.env, lane.hostEnvironment);
  await fullAudit(lane, tally);
  await fullStore(lane, tally);
}

/** While the log finds no space, nothing happens that is to be in it. */
async function fullAudit(lane: SignedLane, tally: Tally): Promise<void> {
  const disk = mountDisk(dirname(lane.audit), { pages: 100 });
  try {
    const platform = await startPlatform({ stateFolder: lane.state, auditFile: lane.audit });
    try {
      const enclave = await loadSigned(lane, platform);
      if (!fillTo(disk.path, 0)) throw new Error('The disk of the test is too small.');
      await tally.check('audit log full: no enclave is launched that is not in it', async () => {
        same('the refusal', await untilRefused(() => launchOnce(lane, platform)), 'PLATFORM_AUDIT_FAILED');
      });
      await tally.check('audit log full: no key comes out that is not in it, and the enclave ends', async () => {
        // Keys of one name are told once a second, so each is another.
        const key = async (name: number): Promise<void> => void (await enclave.ecalls['ecall_key']?.(request(name)));
        same('the refusal', await untilRefused(key), 'ENCLAVE_LOST');
        const { detail } = await enclave.exited;
        if (!/audit log cannot be written/.test(detail)) throw new Error(`Its operator reads: ${detail}`);
      });
      await tally.check(
        'audit log with space again: the same platform launches the next, and its log is whole',
        async () => {
          empty(disk.path);
          await useOnce(lane, platform);
        },
      );
    } finally {
      await platform.close();
    }
    await tally.check('audit log with space again: it verifies', () => verifyAudit(lane.audit));
  } finally {
    disk.close();
  }
}

/** Until the page that the log has begun is full, which takes less than a hundred records. */
async function untilRefused(work: (nth: number) => Promise<unknown>): Promise<string | undefined> {
  for (let nth = 1; nth <= 100; nth++) {
    const code = await codeOf(work(nth));
    if (code !== undefined) return code;
  }
  return undefined;
}

async function launchOnce(lane: SignedLane, platform: EmbeddedPlatform): Promise<void> {
  await (await loadSigned(lane, platform)).dispose();
}

async function useOnce(lane: SignedLane, platform: EmbeddedPlatform): Promise<void> {
  const enclave = await loadSigned(lane, platform);
  await enclave.ecalls['ecall_key']?.(request(4));
  await enclave.dispose();
}

/** KEYREQUEST (SDM vol. 3D, table 39-28) with a KEYNAME. */
function request(name: number): { readonly request: Uint8Array } {
  const bytes = new Uint8Array(512);
  bytes[0] = name;
  return { request: bytes };
}

/** The state takes ten pages. */
async function fullStore(lane: SignedLane, tally: Tally): Promise<void> {
  const disk = mountDisk(lane.mount, { pages: 100 });
  const platform = await startPlatform({ stateFolder: lane.state });
  try {
    const enclave = await loadSigned(lane, platform);
    const path = join(disk.path, 'counter.sealed');
    const counter = new SealedCounter(enclave, path);
    let stored = await counter.advance();
    for (const pages of [0, 1, 9]) {
      await tally.check(`store full: ${pages} free pages keep the old state, and then it goes on`, async () => {
        if (!fillTo(disk.path, pages)) throw new Error('The disk of the test is too small.');
        same('the refusal', await systemCodeOf(counter.advance()), 'ENOSPC');
        same('the counter', await counter.found(), stored);
        empty(disk.path);
        same('files', readdirSync(disk.path), ['counter.sealed']);
        stored += 1;
        same('the counter', await counter.advance(), stored);
      });
    }
    await enclave.dispose();
    if (!existsSync(path)) tally.fail('The state is gone.');
  } finally {
    await platform.close();
    disk.close();
  }
}

async function systemCodeOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => undefined,
    (error: unknown) => (error instanceof Error && 'code' in error ? error.code : error),
  );
}
