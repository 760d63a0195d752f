import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { EnclosError } from '@enclos/errors';
import {
  createMachine,
  createVendor,
  enrol,
  openMachine,
  openPlatform,
  openPlatformAudit,
  servePlatform,
  serveQuotes,
  stateFolders,
  tryLaunch,
  type Listening,
  type PlatformServer,
  type PlatformServices,
} from '@enclos/software-sgx';
import { endorsedMachine } from './collateral/candidate.ts';
import { keepCollateral, type CollateralKeeper } from './collateral/keeper.ts';
import { sourceAt } from './collateral/source-at.ts';
import { makePassable } from './devices/folder-access.ts';
import type { Log } from './log.ts';
import type { AgentMetrics } from './metrics.ts';
import type { SoftwareOptions } from './options.ts';

/** The software platform of the node, served for as long as the agent lives. */
export interface AgentPlatform extends Pick<PlatformServer, 'folderHosts' | 'close'> {
  /** Whether an enclave could be started now. @throws AGENT_ISOLATION_INCOMPLETE, INTERPRETER_MISMATCH, and what the file system says */
  check(): Promise<void>;
  /** Starts a process as an enclave is started, in these cgroups. @throws ENCLAVE_START_FAILED, PLATFORM_USERS_EXHAUSTED */
  tryLaunch(cgroups: readonly string[]): Promise<void>;
  readonly rootFingerprint: Uint8Array;
  readonly missingLayers: readonly string[];
  /** With a vendor elsewhere whose collateral was named. */
  readonly collateral: CollateralKeeper | undefined;
}

export interface PlatformSurroundings {
  readonly now: () => Date;
  readonly log: Log;
  readonly metrics: Pick<AgentMetrics, 'collateralFailed'>;
}

/**
 * Opens the machine of the node in separated mode. Its hosts are the devices; no user of the node is a host.
 * @throws PLATFORM_NOT_ENROLLED, AGENT_COLLATERAL_UNREACHABLE for authorities that cannot be read, and what `openPlatform` and
 *   `servePlatform` throw
 */
export async function startAgentPlatform(
  options: SoftwareOptions,
  { now, log, metrics }: PlatformSurroundings,
): Promise<AgentPlatform> {
  const { vendorFolder, machineFolder } = stateFolders(options.stateFolder);
  if (options.ownVendor) await makeOwn({ vendorFolder, machineFolder }, now());
  const hasVendor = await stat(vendorFolder).then(
    () => true,
    () => false,
  );
  const collateral = await startKeeper(options, { now, log, metrics });
  if (collateral === undefined && !hasVendor) {
    log.warn('collateral-elsewhere', new EnclosError('ENDORSEMENTS_ELSEWHERE'));
  }
  const audit = options.auditFile === undefined ? undefined : await openPlatformAudit(options.auditFile, { now });
  const services = await openPlatform({
    machineFolder,
    now,
    audit,
    ...(hasVendor ? { vendorFolder } : {}),
    endorsements: collateral && (() => collateral.endorsements()),
    separation: {
      hostUsers: [],
      folderHosts: options.devices + (options.dra?.devices ?? 0),
      enclaveUsers: options.enclaveUsers,
      runtimeFolder: options.runtimeFolder,
      cacheFolder: options.cacheFolder,
      maxImageBytes: options.maxImageBytes,
    },
  }).catch(async (error: unknown) => {
    collateral?.close();
    await audit?.close();
    throw error;
  });
  const server = await servePlatform(services);
  const missingLayers = services.isolation.layers.filter(({ active }) => !active).map(({ name }) => name);
  const quotes = options.quoteHelper ? await startQuotes(services, options.runtimeFolder) : undefined;
  return Object.freeze({
    folderHosts: server.folderHosts,
    collateral,
    async close() {
      collateral?.close();
      await quotes?.close();
      await server.close();
    },
    async check() {
      if (!options.allowsMissingIsolation) requireLayers(missingLayers);
      await services.interpreter.recheck();
    },
    tryLaunch: (cgroups: readonly string[]) => tryLaunch(services, { cgroups }),
    rootFingerprint: services.rootFingerprint,
    missingLayers,
  });
}

/** A pod learns from its platform which layers its enclave has; a node should not offer itself to pods with fewer. */
function requireLayers(missing: readonly string[]): void {
  if (missing.length === 0) return;
  throw new EnclosError(
    'AGENT_ISOLATION_INCOMPLETE',
    `Enclaves lack layers of isolation here: ${missing.join(', ')}.`,
    {
      details: { missing },
    },
  );
}

async function startKeeper(
  options: SoftwareOptions,
  { now, log, metrics }: PlatformSurroundings,
): Promise<CollateralKeeper | undefined> {
  const { collateral, stateFolder } = options;
  if (collateral === undefined) return undefined;
  const { pck } = await openMachine(stateFolders(stateFolder).machineFolder);
  if (pck === undefined) throw new EnclosError('PLATFORM_NOT_ENROLLED');
  return keepCollateral({
    source: await sourceAt(collateral),
    machine: await endorsedMachine(pck.pck + pck.platformCa + pck.root, pck.root),
    copyFile: join(stateFolder, 'collateral.json'),
    now,
    log,
    failed: metrics.collateralFailed,
  });
}

/** In a separate folder, which a pod can mount without getting anything else of the agent. */
async function startQuotes(services: PlatformServices, runtimeFolder: string): Promise<Listening> {
  const folder = join(runtimeFolder, 'quotes');
  await makePassable(folder);
  return serveQuotes(services, join(folder, 'quote.sock'));
}

/** A vendor beside the machine, which certifies it: the operator that starts the agent so says that the node is set up for it. */
async function makeOwn({ vendorFolder, machineFolder }: ReturnType<typeof stateFolders>, now: Date): Promise<void> {
  const vendor = await createVendor(vendorFolder, { now });
  await createMachine(machineFolder, { separation: 'separated' });
  const machine = await openMachine(machineFolder);
  if (machine.pck === undefined) await enrol(vendor, machine, now, { allowSeparated: true });
}
