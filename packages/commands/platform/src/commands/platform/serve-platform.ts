import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { refuseUsage } from '@enclos/cli-frame';
import { exists } from '@enclos/cli-frame/files';
import { serveHttp } from '@enclos/cli-frame/http-server';
import { toHex } from '@enclos/codec';
import type { NetworkAddress } from '@enclos/command-line';
import { EnclosError } from '@enclos/errors';
import {
  collateralApp,
  openPlatform,
  openPlatformAudit,
  servePlatform,
  stateFolders,
  type HostSocket,
  type PlatformAudit,
  type SeparationOptions,
} from '@enclos/software-sgx';
import { removeDeadSocket } from '@enclos/tee/unix-socket';

export interface ServeOptions {
  readonly stateFolder: string;
  /** Default: `platform.sock` in the state folder. Not on a separated platform, whose hosts have one each. */
  readonly socketPath?: string | undefined;
  readonly separation?: SeparationOptions | undefined;
  /** Where to serve the collateral, when the vendor is in the state folder. */
  readonly listen?: NetworkAddress;
  readonly now: () => Date;
  /** Where everything that the platform does is written down. */
  readonly auditFile?: string | undefined;
  /** MRSIGNERs whose SGX images may have PROVISIONKEY. */
  readonly provisionSigners?: readonly Uint8Array[] | undefined;
}

export interface ServedPlatform {
  readonly sockets: readonly HostSocket[];
  /** The address of the collateral service. Absent without a vendor. */
  readonly collateralUrl?: string;
  readonly rootFingerprint: string;
  readonly separation: string;
  readonly missingLayers: readonly string[];
  /** Ends every enclave and both services. */
  close(): Promise<void>;
}

/**
 * Runs a platform in this process, for hosts of this machine, and the
 * collateral service of its vendor in the shape of PCS v4.
 * @throws PLATFORM_FOLDER_INVALID, CLI_USAGE, CLI_ADDRESS_IN_USE, PLATFORM_AUDIT_BUSY, PLATFORM_AUDIT_BROKEN, PLATFORM_AUDIT_FAILED, and what
 *   `openPlatform` and `servePlatform` throw
 */
export async function serve(options: ServeOptions): Promise<ServedPlatform> {
  const { vendorFolder, machineFolder } = stateFolders(options.stateFolder);
  const hasVendor = await exists(vendorFolder);
  const { separation, now } = options;
  const socketPath = options.socketPath ?? join(options.stateFolder, 'platform.sock');
  if (separation === undefined) await clearSocket(socketPath);
  const audit = await openAudit(options);
  const services = await openPlatform({
    machineFolder,
    now,
    audit,
    ...(hasVendor ? { vendorFolder } : {}),
    ...(separation === undefined ? {} : { separation }),
    provisionSigners: options.provisionSigners,
  }).catch(async (error: unknown) => {
    await audit?.close();
    throw error;
  });
  const platform = await servePlatform(services, socketPath);
  const collateral = await serveCollateral(hasVendor ? vendorFolder : undefined, options).catch(
    async (error: unknown) => {
      await platform.close();
      throw error;
    },
  );
  return Object.freeze({
    sockets: platform.sockets,
    ...(collateral === undefined ? {} : { collateralUrl: collateral.url }),
    rootFingerprint: toHex(services.rootFingerprint),
    separation: services.separation,
    missingLayers: services.isolation.layers.filter(({ active }) => !active).map(({ name }) => name),
    async close() {
      await Promise.all([platform.close(), collateral?.close()]);
      for (const { path } of platform.sockets) await rm(path, { force: true });
    },
  });
}

async function openAudit({ auditFile, now }: ServeOptions): Promise<PlatformAudit | undefined> {
  return auditFile === undefined ? undefined : openPlatformAudit(auditFile, { now });
}

async function serveCollateral(vendorFolder: string | undefined, { listen, now }: ServeOptions) {
  if (vendorFolder === undefined || listen === undefined) return undefined;
  return serveHttp(collateralApp(vendorFolder, { now }), listen);
}

/** A killed platform leaves its socket. @throws CLI_USAGE for a file of another kind, CLI_ADDRESS_IN_USE when a program answers there. */
async function clearSocket(path: string): Promise<void> {
  const found = await removeDeadSocket(path);
  if (found === 'file') refuseUsage(`${path} is not a socket, so a platform does not take its place.`);
  if (found === 'in-use') {
    throw new EnclosError('CLI_ADDRESS_IN_USE', `Another platform already listens at ${path}.`, { details: { path } });
  }
}
