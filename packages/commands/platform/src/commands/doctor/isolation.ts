import { spawnSync } from 'node:child_process';
import { chmod, constants, copyFile, mkdtemp, rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  choosePlan,
  companionLayers,
  companionsObstacle,
  findRelay,
  planAllWays,
  privateObstacle,
  writeStartFiles,
  type IsolationPlan,
} from '@enclos/isolation';
import { tryPassing, trySgx } from '@enclos/software-sgx';
import type { IsolationLayer } from '@enclos/tee';
import { info, ok, warning, type Check } from './check.ts';
import { checkSgx, reportSgx, type SgxExecutionReport } from './sgx.ts';

/** What one way to isolation gives on this machine. */
export interface IsolationWayReport {
  readonly way: IsolationPlan['way'];
  /** Whether it has every layer, so that strict isolation starts with it alone. */
  readonly complete: boolean;
  readonly layers: readonly IsolationLayer[];
}

export interface IsolationReport {
  /** Whether strict isolation starts here. */
  readonly strict: boolean;
  /** The way that enclaves are started by. */
  readonly chosen: IsolationPlan['way'];
  /** The layers of that way; a missing one says every way to it. */
  readonly layers: readonly IsolationLayer[];
  readonly ways: readonly IsolationWayReport[];
  /** Whether a host can pass connected sockets to an enclave, as it was tried; absent where it was not. */
  readonly passing?: PassingReport;
  /** Whether SGX images run here, as it was tried; absent where it was not. */
  readonly sgx?: SgxExecutionReport;
  /** Whether static programs get a private network here; absent where the layers were not tried. */
  readonly privateNetworks?: PassingReport;
  /** Whether enclaves can have companions here; absent where the layers were not tried. */
  readonly companions?: CompanionsReport;
}

export interface PassingReport {
  readonly works: boolean;
  /** Why it does not. */
  readonly reason?: string;
}

export interface CompanionsReport extends PassingReport {
  /** What a companion with native addons has of each layer. */
  readonly layers: readonly IsolationLayer[];
}

/** Tries what this machine gives an enclave, by each way that there is. */
export async function probeIsolation(
  interpreterPath: string,
  parents: readonly string[] = [tmpdir(), homedir()],
): Promise<IsolationReport> {
  const folder = await runnableFolder(parents);
  try {
    const plans = planAllWays({ interpreterPath, ...(await writeStartFiles(folder)) });
    const report = await reportWithPassing(plans, { interpreterPath });
    const chosen = choosePlan(plans);
    const privateNetworks = worksUnless(privateObstacle(chosen.layers, findRelay() !== undefined));
    return Object.freeze({
      ...report,
      sgx: reportSgx(await trySgx(chosen, { folder })),
      privateNetworks,
      companions: reportCompanions(chosen),
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function worksUnless(reason: string | undefined): PassingReport {
  return reason === undefined ? { works: true } : { works: false, reason };
}

/** What a plan gives companions. */
export function reportCompanions(plan: Pick<IsolationPlan, 'wayWithFiles' | 'layers'>): CompanionsReport {
  const layers = companionLayers(plan.layers, { addons: true });
  return Object.freeze({ ...worksUnless(companionsObstacle(plan)), layers });
}

/**
 * A folder from which programs run, as the platform's starter needs one: a folder for temporary files may be mounted noexec.
 * When programs run from none of them, it is the last, and the report then lacks those layers.
 */
async function runnableFolder(parents: readonly string[]): Promise<string> {
  let found: string | undefined;
  for (const parent of parents) {
    const folder = await mkdtemp(join(parent, 'enclos-doctor-')).catch(() => undefined);
    if (folder === undefined) continue;
    if (found !== undefined) await rm(found, { recursive: true });
    found = folder;
    const { starterPath } = await writeStartFiles(folder);
    // Without words it does nothing, and ends with an exit code.
    if (spawnSync(starterPath, [], { stdio: 'ignore' }).status !== null) break;
  }
  return found ?? (await mkdtemp(join(tmpdir(), 'enclos-doctor-')));
}

/** The first user of the range in the documents. It needs no account. */
const anyEnclaveUser = 61_000;

/**
 * The same for enclaves that have their own users, as a separated platform
 * gives them. Undefined where it cannot be tried: without root, and where
 * another user cannot run a copy of the interpreter.
 */
export async function probeSeparatedIsolation(
  interpreterPath: string,
  userId = process.getuid?.(),
): Promise<IsolationReport | undefined> {
  if (userId !== 0) return undefined;
  const folder = await mkdtemp(join(tmpdir(), 'enclos-doctor-'));
  try {
    const copy = await copyForOthers(interpreterPath, folder);
    if (copy === undefined) return undefined;
    const files = { interpreterPath: copy, ...(await writeStartFiles(folder)) };
    return await reportWithPassing(planAllWays({ ...files, enclaveUser: anyEnclaveUser }), {
      interpreterPath: copy,
      user: anyEnclaveUser,
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A copy of the interpreter that every user can reach, as a platform keeps in its cache. The folder of npm may be private. */
async function copyForOthers(interpreterPath: string, folder: string): Promise<string | undefined> {
  const copy = join(folder, 'interpreter');
  try {
    await chmod(folder, 0o711);
    await copyFile(interpreterPath, copy, constants.COPYFILE_FICLONE);
    await chmod(copy, 0o555);
  } catch {
    return undefined;
  }
  const options = { uid: anyEnclaveUser, gid: anyEnclaveUser, env: {}, stdio: 'ignore' } as const;
  const { error } = spawnSync(copy, ['--version'], options);
  // Below a folder that is root's alone, or where programs do not run. Any other reason is the machine's, and found later.
  return error !== undefined && 'code' in error && error.code === 'EACCES' ? undefined : copy;
}

async function reportWithPassing(
  plans: readonly IsolationPlan[],
  process: Parameters<typeof tryPassing>[1],
): Promise<IsolationReport> {
  const report = reportIsolation(plans);
  // Without the filter nothing is passed.
  if (!report.layers.some(({ name, active }) => name === 'seccomp' && active)) return report;
  return Object.freeze({ ...report, passing: worksUnless(await tryPassing(choosePlan(plans), process)) });
}

export function reportIsolation(plans: readonly IsolationPlan[]): IsolationReport {
  const { way, layers } = choosePlan(plans);
  const ways = plans.map((plan) => ({
    way: plan.way,
    complete: missing(plan.layers).length === 0,
    layers: plan.layers,
  }));
  return Object.freeze({ strict: missing(layers).length === 0, chosen: way, layers, ways });
}

/** One check for each way, and one for each layer; a missing layer is what `--isolation=strict` refuses. */
export function checkIsolation(report: IsolationReport): readonly Check[] {
  const { strict, chosen, layers, ways, passing, sgx, privateNetworks, companions } = report;
  const ofWays = ways.map((found) => {
    const use = found.way === chosen ? 'enclaves start by it' : 'not used';
    const lacks = missing(found.layers).map(({ name }) => name);
    const detail = found.complete ? `every layer; ${use}` : `without ${lacks.join(', ')}; ${use}`;
    return found.complete ? ok(`isolation by ${found.way}`, detail) : info(`isolation by ${found.way}`, detail);
  });
  const ofLayers = layers.map(({ name, active, detail }) =>
    active
      ? ok(`isolation: ${name}`, detail)
      : warning(`isolation: ${name}`, 'missing, so strict isolation refuses to start', detail),
  );
  const hidesNames = strict && chosen !== 'bubblewrap' ? [namesAreSeen] : [];
  const others = [
    sgx && checkSgx(sgx),
    privateNetworks && checkPrivateNetworks(privateNetworks),
    companions && checkCompanions(companions),
  ];
  const ofOthers = others.filter((check) => check !== undefined);
  return [...ofWays, ...ofLayers, ...hidesNames, checkPassing(passing), ...ofOthers];
}

/** Other enclaves need none. */
function checkPrivateNetworks({ works, reason = 'not possible' }: PassingReport): Check {
  const name = 'private networks';
  return works
    ? ok(name, 'a static program gets sockets that reach its declared connections alone')
    : info(name, `no static program gets one here: ${reason}`);
}

/** Each layer has its row already, as that of an enclave: the report says what a companion has of it. */
function checkCompanions({ works, reason = 'not possible', layers }: CompanionsReport): Check {
  const name = 'companions';
  if (!works) return info(name, `no enclave gets one here: ${reason}`);
  const lacks = missing(layers).map((found) => found.name);
  const kept = lacks.length === 0 ? layers.map((found) => found.name).join(', ') : `all but ${lacks.join(', ')}`;
  return ok(name, `a process beside an enclave gets its declared native files, without keys; layers: ${kept}`);
}

/** Without it enclaves run: only those whose manifest requires passed streams do not. */
function checkPassing(passing: PassingReport | undefined): Check {
  const name = 'passed streams';
  if (passing === undefined) return info(name, 'not without the system call filter: streams are relayed');
  if (passing.works) return ok(name, 'a connected socket reaches a process that is started as enclaves are');
  return warning(
    name,
    passing.reason ?? 'not possible',
    'Look for refused descriptors in the log of SELinux or AppArmor (`dmesg`); until then build enclaves with "transport": "relayed".',
  );
}

/** A check for each way, and one for each layer that is missing: what there is does the same as without separation. */
export function checkSeparatedIsolation(report: IsolationReport): readonly Check[] {
  return checkIsolation(report)
    .filter(({ name, status }) => name.startsWith('isolation by') || name === 'passed streams' || status === 'warning')
    .map((check) => Object.freeze({ ...check, name: `separated ${check.name}` }));
}

const namesAreSeen = info(
  'isolation: names of files',
  'with Landlock alone, an enclave can see whether a file exists, and its size',
);

function missing(layers: readonly IsolationLayer[]): readonly IsolationLayer[] {
  return layers.filter(({ active }) => !active);
}

export function isolationUnknown(): Check {
  return info('isolation', 'unknown until there is an interpreter to try it on');
}
