import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { appraise, boundReportData, parseCollateral, softwareRoot, verifyQuote } from '@enclos/attestation';
import { isEnclosError } from '@enclos/errors';
import { enrol, openMachine, openVendor, singleUserAdvisory, startPlatform, stateFolders } from '@enclos/software-sgx';
import type { EmbeddedPlatform } from '@enclos/software-sgx';
import { codeOf, same } from '../disk/expect.ts';
import { loadSubject, type Subject } from '../load-subject.ts';
import type { Program, Tally } from '../program.ts';
import { compiled, createWorkplace, type BuiltLane } from '../workplace.ts';

const hourMs = 3_600_000;
const yearMs = 365.25 * 24 * hourMs;
const jumps: Readonly<Record<string, number>> = {
  'an hour ahead': hourMs,
  'an hour behind': -hourMs,
  'ten years ahead': 10 * yearMs,
  'ten years behind': -10 * yearMs,
  'sixty years ahead': 60 * yearMs,
  'fifty years behind': -50 * yearMs,
};
/** What a deadline may be late on a loaded machine. */
const slackMs = 15_000;

/** Lets the clocks of host and platform jump by years, both ways, and looks at what depends on them. */
export const clock: Program = async (_, tally) => {
  const workplace = createWorkplace();
  try {
    const lane = await workplace.lane('clock');
    const setClock = await fakeClock(join(lane.folder, 'offset'));
    await jumpsWhileRunning(lane, setClock, tally);
    await jumpsBeforeStart(lane, setClock, tally);
    await enrolledAhead(lane, setClock, tally);
  } finally {
    workplace.close();
  }
};

type SetClock = (offsetMs: number) => void;

/** This process, which is the host, and every platform that it starts read the clock from a file. */
async function fakeClock(path: string): Promise<SetClock> {
  const set: SetClock = (offsetMs) => writeFileSync(path, String(offsetMs));
  set(0);
  process.env['TORTURE_CLOCK'] = path;
  process.env['NODE_OPTIONS'] = `--import=${compiled('clock/clock.preload.js')}`;
  const before = Date.now();
  await import('./clock.preload.ts');
  set(yearMs);
  if (Date.now() - before < yearMs) throw new Error('The clock is not faked.');
  set(0);
  return set;
}

async function jumpsWhileRunning(lane: BuiltLane, setClock: SetClock, tally: Tally): Promise<void> {
  const platform = await startPlatform({ stateFolder: lane.state });
  const enclave = await loadSubject(lane, platform);
  let counter = 0;
  for (const [name, offsetMs] of Object.entries(jumps)) {
    await tally.check(`the clock jumps ${name} during calls: none hangs, and no deadline comes early`, async () => {
      await deadlineHolds(enclave, () => setClock(offsetMs));
      same('an echo', [...(await enclave.call.echo({ data: Uint8Array.of(1) }, { timeoutMs: 60_000 }))], [1]);
      same('the counter', await enclave.call.advance(), (counter += 1));
      await (await loadSubject(lane, platform)).dispose();
      await deadlineHolds(enclave, () => setClock(0));
    });
    await tally.check(`evidence while the clock is ${name} says so, and is accepted when it is right`, async () => {
      setClock(offsetMs);
      const isNear = Math.abs(offsetMs) <= hourMs;
      // An hour behind its certificate, a new machine is not valid yet.
      const expected = offsetMs < 0 ? 'allowNotYetValid' : isNear ? 'accepted' : 'expiredCollateralGraceMs';
      same('the appraisal', await appraisal(enclave, platform), expected);
      setClock(0);
      same('the appraisal', await appraisal(enclave, platform), 'accepted');
    });
  }
  await enclave.dispose();
  await platform.close();
}

/** A call with a deadline in the middle of which the clock jumps. */
async function deadlineHolds(enclave: Subject, jump: () => void): Promise<void> {
  const timeoutMs = 200;
  const started = performance.now();
  const code = codeOf(enclave.call.wait({ timeoutMs }));
  await sleep(timeoutMs / 4);
  jump();
  same('the code', await code, 'GATE_DEADLINE');
  const ms = performance.now() - started;
  // Timers count whole milliseconds, and may come one early.
  if (ms < timeoutMs - 2 || ms > timeoutMs + slackMs) throw new Error(`The deadline came after ${ms} ms.`);
}

/** What a relying party with the same clock says: `accepted`, or the rule or step that refuses. */
async function appraisal(enclave: Subject, platform: EmbeddedPlatform): Promise<unknown> {
  const nonce = new Uint8Array(randomBytes(32));
  const evidence = await enclave.call.evidence({ nonce });
  const root = await softwareRoot((await platform.describe()).rootCertificate);
  const now = new Date();
  try {
    const verdict = await verifyQuote(evidence, parseCollateral(JSON.parse(await platform.endorsements())), {
      roots: [root],
      now,
    });
    appraise(
      verdict,
      {
        mrEnclave: [Buffer.from(enclave.identity.mrEnclave).toString('hex')],
        minimumSecurityVersion: 1,
        acceptedStatuses: ['OK', 'CONFIGURATION_NEEDED'],
        acceptedAdvisoryIds: [singleUserAdvisory],
        intelRoot: false,
        softwareRoots: [root.fingerprint],
      },
      { reportData: await boundReportData({ purpose: 'torture', nonce }) },
      { now },
    );
    return 'accepted';
  } catch (error) {
    if (isEnclosError(error, 'APPRAISAL_REFUSED')) return error.details['field'];
    throw error;
  }
}

async function jumpsBeforeStart(lane: BuiltLane, setClock: SetClock, tally: Tally): Promise<void> {
  for (const [name, offsetMs] of Object.entries(jumps)) {
    await tally.check(`a platform that starts ${name} works`, async () => {
      setClock(offsetMs);
      const platform = await startPlatform({ stateFolder: lane.state });
      const enclave = await loadSubject(lane, platform);
      same('an echo', [...(await enclave.call.echo({ data: Uint8Array.of(1) }))], [1]);
      setClock(0);
      same('the appraisal', await appraisal(enclave, platform), 'accepted');
      await enclave.dispose();
      await platform.close();
    });
  }
}

/** A machine that is enrolled again while the clock is ahead gets a good certificate when the clock is right. */
async function enrolledAhead(lane: BuiltLane, setClock: SetClock, tally: Tally): Promise<void> {
  await tally.check(
    'a machine that is enrolled six and a half years ahead is good again when the clock is',
    async () => {
      const { vendorFolder, machineFolder } = stateFolders(lane.state);
      const enrolNow = async (): Promise<unknown> =>
        enrol(await openVendor(vendorFolder), await openMachine(machineFolder), new Date());
      const use = async (): Promise<unknown> => {
        const platform = await startPlatform({ stateFolder: lane.state });
        const enclave = await loadSubject(lane, platform);
        const found = await appraisal(enclave, platform);
        await enclave.dispose();
        await platform.close();
        return found;
      };
      setClock(6.5 * yearMs);
      await enrolNow();
      setClock(0);
      same('the appraisal before it is enrolled again', await use(), 'allowNotYetValid');
      await enrolNow();
      same('the appraisal after', await use(), 'accepted');
    },
  );
}
