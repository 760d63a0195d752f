import { chmod, mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
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
  type Listening,
  type PlatformServer,
  type PlatformServices,
} from '@enclos/software-sgx';
import type { SoftwareOptions } from './options.ts';

/** The software platform of the node, served for as long as the agent lives. */
export interface AgentPlatform extends Pick<PlatformServer, 'folderHosts' | 'close'> {
  /** Whether an enclave could be started now. @throws INTERPRETER_MISMATCH, and what the file system says */
  check(): Promise<void>;
  readonly rootFingerprint: Uint8Array;
  readonly missingLayers: readonly string[];
}

/**
 * Opens the machine of the node in separated mode. Its hosts are the devices; no user of the node is a host.
 * @throws PLATFORM_NOT_ENROLLED, and what `openPlatform` and `servePlatform` throw
 */
export async function startAgentPlatform(options: SoftwareOptions, now: () => Date): Promise<AgentPlatform> {
  const { vendorFolder, machineFolder } = stateFolders(options.stateFolder);
  if (options.ownVendor) await makeOwn({ vendorFolder, machineFolder }, now());
  const hasVendor = await stat(vendorFolder).then(
    () => true,
    () => false,
  );
  const audit = options.auditFile === undefined ? undefined : await openPlatformAudit(options.auditFile, { now });
  const services = await openPlatform({
    machineFolder,
    now,
    audit,
    ...(hasVendor ? { vendorFolder } : {}),
    separation: {
      hostUsers: [],
      folderHosts: options.devices,
      enclaveUsers: options.enclaveUsers,
      runtimeFolder: options.runtimeFolder,
      cacheFolder: options.cacheFolder,
      maxImageBytes: options.maxImageBytes,
    },
  }).catch(async (error: unknown) => {
    await audit?.close();
    throw error;
  });
  const server = await servePlatform(services);
  const quotes = options.quoteHelper ? await startQuotes(services, options.runtimeFolder) : undefined;
  return Object.freeze({
    folderHosts: server.folderHosts,
    async close() {
      await quotes?.close();
      await server.close();
    },
    check: () => services.interpreter.recheck(),
    rootFingerprint: services.rootFingerprint,
    missingLayers: services.isolation.layers.filter(({ active }) => !active).map(({ name }) => name),
  });
}

/** In a separate folder, which a pod can mount without getting anything else of the agent. */
async function startQuotes(services: PlatformServices, runtimeFolder: string): Promise<Listening> {
  const folder = join(runtimeFolder, 'quotes');
  await mkdir(folder, { recursive: true });
  await chmod(folder, 0o755);
  return serveQuotes(services, join(folder, 'quote.sock'));
}

/** A vendor beside the machine, which certifies it: the operator that starts the agent so says that the node is set up for it. */
async function makeOwn({ vendorFolder, machineFolder }: ReturnType<typeof stateFolders>, now: Date): Promise<void> {
  const vendor = await createVendor(vendorFolder, { now });
  await createMachine(machineFolder, { separation: 'separated' });
  const machine = await openMachine(machineFolder);
  if (machine.pck === undefined) await enrol(vendor, machine, now, { allowSeparated: true });
}
