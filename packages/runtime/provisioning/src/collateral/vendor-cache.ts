import { isFresh, refreshVendor, vendorStamp, type OpenedVendor, type Vendor } from '../provisioning/vendor.ts';

export type LocateVendor = () => Promise<Pick<OpenedVendor, 'folder'>>;

interface HeldVendor {
  readonly folder: string;
  readonly stamp: string;
  readonly vendor: Vendor;
}

/** How often one request reads a folder again that changes during the reading. */
const maxLoads = 3;

/**
 * Keeps the opened vendor until its folder changes or its documents reach half of their lifetime. One load runs at a time,
 * whatever the number of requests, so documents are signed once for all of them.
 */
export function vendorCache(locate: LocateVendor, now: () => Date): () => Promise<Vendor> {
  let held: HeldVendor | undefined;
  let loading: Promise<HeldVendor> | undefined;
  const load = async (folder: string): Promise<HeldVendor> => {
    // Taken before the folder is read, so that a change during the reading makes the stamp out of date.
    const stamp = await vendorStamp(folder);
    return { folder, stamp, vendor: await refreshVendor({ folder }, now()) };
  };
  const loadOnce = (folder: string): Promise<HeldVendor> => {
    loading ??= load(folder).finally(() => (loading = undefined));
    return loading;
  };
  return async () => {
    const { folder } = await locate();
    for (let loads = 0; loads < maxLoads; loads++) {
      const isSame = held?.folder === folder && held.stamp === (await vendorStamp(folder));
      if (held !== undefined && isSame && isFresh(held.vendor.documents, now())) return held.vendor;
      held = await loadOnce(folder);
    }
    return (await load(folder)).vendor;
  };
}
