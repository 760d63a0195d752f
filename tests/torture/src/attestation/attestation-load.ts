import { setTimeout as sleep } from 'node:timers/promises';
import {
  createAttestationSite,
  createWorkshop,
  issuers,
  loadClaimant,
  processesWith,
  type AttestationSite,
  type Workshop,
} from '@enclos/process-kit';
import { postgresAbsence } from '@enclos/testkit';
import { within } from '../processes.ts';
import type { Options, Program, Tally } from '../program.ts';
import { createRandom, type Random } from '../random.ts';
import { compiled } from '../workplace.ts';
import { attesting, type KnownKeys } from './attesting.ts';
import { expectPolicy, type ExpectedPolicy } from './expected-policy.ts';
import { startFleet } from './fleet.ts';
import { judgeFootprints, sampling, type Footprint } from './footprint.ts';
import { discovering, managingCertificates, managingPolicy, readPolicy } from './managing.ts';
import { createOutages, type LoadRun } from './run.ts';

const defaultMinutes = 10;
const attestingLanes = 4;
const policyTypes = ['SgxEnclave', 'OpenEnclave', 'TdxVm', 'SevSnpVm'] as const;
const certificates = 4;
/** So long PostgreSQL is away at most, beside what it takes to start. */
const mostOutageMs = 3000;
const slackMs = 60_000;
/** Of host and platform. Left to itself V8 grows its young generation by tens of MiB when it likes, which would hide a leak. */
const semiSpaceMiB = 4;

/**
 * Two replicas of the attestation service with one PostgreSQL under mixed load. One of them is killed every minute, and
 * PostgreSQL is restarted every two.
 */
export const attestationLoad: Program = async (options, tally) => {
  if (postgresAbsence !== undefined) {
    if (process.env['CI'] === undefined) tally.skip(postgresAbsence);
    else tally.fail(postgresAbsence);
    return;
  }
  process.env['NODE_OPTIONS'] = `--import=${compiled('soak/gc.preload.js')} --max-semi-space-size=${semiSpaceMiB}`;
  const workshop = createWorkshop();
  let site: AttestationSite | undefined;
  try {
    site = await createAttestationSite(workshop);
    await load({ workshop, site, options, tally });
  } finally {
    await site?.close();
    await within('the platform ends', slackMs, workshop.close());
  }
  await tally.check('no process is left', () => {
    const left = processesWith(workshop.folder);
    if (left.length > 0) throw new Error(`Processes ${left.join(', ')} still run.`);
  });
};

interface Place {
  readonly workshop: Workshop;
  readonly site: AttestationSite;
  readonly options: Options;
  readonly tally: Tally;
}

async function load({ workshop, site, options, tally }: Place): Promise<void> {
  const { seed, minutes = defaultMinutes } = options;
  const claimant = await loadClaimant(await workshop.signed('claimant'), site.platform);
  const set = await site.replicas();
  const fleet = await startFleet(set, site.platform);
  const nowMs = (): number => performance.now();
  const endAt = nowMs() + minutes * 60_000;
  const run: LoadRun = {
    site,
    fleet,
    tally,
    counts: { answered: new Map(), unavailable: 0, lost: 0, slowestMs: 0 },
    outages: createOutages(nowMs),
    states: new Map(),
    // Ends well before it could hide an error: whatever fails is told once, and after many the run ends.
    goesOn: () => nowMs() < endAt && tally.failures < 20,
  };
  const policies = policyTypes.map((type) => ({ type, expected: expectPolicy(nowMs) }));
  const registered = Array.from({ length: certificates }, () => expectPolicy(nowMs));
  const known: KnownKeys = { keys: new Map() };
  const [judged = policies[0]] = policies;
  if (judged === undefined) throw new Error('No policies.');
  const [samples] = await Promise.all([
    sampling(run, (minute, sample) => printMinute(minute, run, sample)),
    troubling(run, { everyMs: minutes >= 3 ? 60_000 : 15_000, random: createRandom(seed) }),
    ...Array.from({ length: attestingLanes }, (_, lane) =>
      attesting(run, { claimant, expected: judged.expected, known }, seed + 100 + lane),
    ),
    ...policies.map((policy, lane) => managingPolicy(run, policy, seed + 200 + lane)),
    managingCertificates(run, registered, seed + 300),
    discovering(run, known, seed + 400),
  ]);
  await finish(run, policies);
  judgeFootprints(samples, tally);
  await claimant.dispose();
  await tally.check('the replicas end in order, and their enclaves with them', () => fleet.close());
}

/** Kills the second replica each time, and restarts PostgreSQL each second time, half a time later. */
async function troubling(
  run: LoadRun,
  { everyMs, random }: { readonly everyMs: number; readonly random: Random },
): Promise<void> {
  const pause = async (ms: number): Promise<void> => {
    const until = performance.now() + ms;
    while (run.goesOn() && performance.now() < until) await sleep(100);
  };
  for (let time = 1; ; time++) {
    await pause(everyMs / 2);
    if (!run.goesOn()) return;
    await run.tally.check(`kill ${time}: its enclave ends, and a successor serves`, () => run.fleet.killSecond());
    await pause(everyMs / 2);
    if (!run.goesOn()) return;
    if (time % 2 === 1) await restartPostgres(run, random);
  }
}

async function restartPostgres({ tally, outages, site: { postgres } }: LoadRun, random: Random): Promise<void> {
  const isCrash = random.below(2) === 0;
  const awayMs = random.below(mostOutageMs);
  const how = isCrash ? 'a crash' : `an orderly stop, and ${awayMs} ms away`;
  await tally.check(`PostgreSQL is restarted after ${how}`, async () => {
    outages.begin();
    if (isCrash) await postgres.restart('crash');
    else {
      await postgres.stop();
      await sleep(awayMs);
      await postgres.start();
    }
    outages.end();
  });
}

function total({ counts }: LoadRun): number {
  return [...counts.answered.values()].reduce((sum, one) => sum + one, 0);
}

function printMinute(minute: number, run: LoadRun, sample: Footprint): void {
  const { counts, fleet, outages, tally } = run;
  const memory = [sample.platformMiB, sample.hostMiB, sample.enclaveMiB].map((value) => value.toFixed(0)).join(' / ');
  process.stdout.write(
    `minute ${minute}: ${total(run)} calls answered, ${counts.unavailable} unavailable, ${counts.lost} lost, ` +
      `${fleet.kills} kills, ${outages.number} outages, slowest ${counts.slowestMs.toFixed(0)} ms; ` +
      `platform / host / enclave ${memory} MiB; ${tally.failures} failures\n`,
  );
}

interface ManagedPolicy {
  readonly type: string;
  readonly expected: ExpectedPolicy;
}

/** What was acknowledged last is there in the end, at each replica. */
async function finish(run: LoadRun, policies: readonly ManagedPolicy[]): Promise<void> {
  const { counts, fleet, outages, tally, site } = run;
  for (const { type, expected } of policies) {
    const change = { issuer: issuers.plain, token: site.token, type };
    await tally.check(`${type}: ${expected.acknowledged} acknowledged changes, and the last is there`, async () => {
      if (expected.acknowledged === 0) throw new Error('Nothing was acknowledged.');
      for (const life of fleet.lives) {
        let left = 10;
        while (!(await readPolicy(run, { change, expected }, life))) {
          if (--left === 0) throw new Error('A replica does not say which one is there.');
          await sleep(2000);
        }
      }
    });
  }
  for (const [name, number] of [...counts.answered].toSorted(([a], [b]) => a.localeCompare(b))) {
    process.stdout.write(`${name.padEnd(32)}${String(number).padStart(10)} answered\n`);
    tally.pass();
  }
  process.stdout.write(
    `${total(run)} calls answered, ${counts.unavailable} unavailable, ${counts.lost} lost, ${fleet.kills} kills, ` +
      `${outages.number} outages, slowest ${counts.slowestMs.toFixed(0)} ms\n`,
  );
  if (fleet.kills === 0 || outages.number === 0) tally.fail('the run was too short for a kill and an outage');
}
