import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { refuseUsage } from '@enclos/cli-frame';
import { durable } from '@enclos/durable';
import { collateralFor, refreshVendor, type Vendor } from '@enclos/software-sgx';

export interface PublishedVendor {
  readonly vendorFolder: string;
  readonly rootFingerprint: string;
  /** Its collateral. */
  readonly file: string;
  /** When the collateral ends. */
  readonly until: string;
}

export interface PublishedFiles {
  readonly collateralFolder: string;
  /** One root a line, in hex. */
  readonly fingerprintsFile: string;
  /** PEM. */
  readonly rootsFile: string;
  readonly vendors: readonly PublishedVendor[];
}

/** Public, for a web server of another user. */
const written = { mode: 0o644, folderMode: 0o755 } as const;
const isCollateralName = (name: string): boolean => /^[0-9a-f]{64}\.json$/.test(name);

/**
 * Writes what the nodes of vendors hand out, and what the relying parties of their pods trust. The documents of a vendor are issued
 * again when half of their lifetime is over. Collateral of other vendors is removed from the folder.
 * @throws CLI_USAGE, PLATFORM_FOLDER_INVALID, and what the file system says
 */
export async function publishFiles(
  vendorFolders: readonly string[],
  { outFolder, now }: { readonly outFolder: string; readonly now: Date },
): Promise<PublishedFiles> {
  const vendors: Vendor[] = [];
  for (const folder of vendorFolders) vendors.push(await refreshVendor({ folder }, now));
  if (new Set(vendors.map(({ rootFingerprint }) => rootFingerprint)).size < vendors.length) {
    refuseUsage('Two of the folders are of one vendor.');
  }
  const [collateralFolder, rootsFolder] = [join(outFolder, 'collateral'), join(outFolder, 'roots')];
  const published: PublishedVendor[] = [];
  for (const vendor of vendors) {
    const { rootFingerprint, documents, folder } = vendor;
    const file = join(collateralFolder, `${rootFingerprint}.json`);
    await durable.replace(file, `${JSON.stringify(collateralFor(vendor), undefined, 2)}\n`, written);
    published.push({ vendorFolder: folder, rootFingerprint, file, until: documents.nextUpdate.toISOString() });
  }
  const [fingerprintsFile, rootsFile] = [join(rootsFolder, 'fingerprints'), join(rootsFolder, 'roots.pem')];
  await durable.replace(rootsFile, vendors.map(({ rootPem }) => `${rootPem.trimEnd()}\n`).join(''), written);
  await durable.replace(
    fingerprintsFile,
    vendors.map(({ rootFingerprint }) => `${rootFingerprint}\n`).join(''),
    written,
  );
  const kept = new Set(vendors.map(({ rootFingerprint }) => `${rootFingerprint}.json`));
  for (const name of await readdir(collateralFolder)) {
    if (isCollateralName(name) && !kept.has(name)) await durable.remove(join(collateralFolder, name));
  }
  return Object.freeze({ collateralFolder, fingerprintsFile, rootsFile, vendors: published });
}
