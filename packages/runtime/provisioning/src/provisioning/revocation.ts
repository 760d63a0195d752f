import { join } from 'node:path';
import { EnclosError } from '@enclos/errors';
import { isoSeconds } from '@enclos/codec/json';
import { addFile } from './folder.ts';
import { ownerOf, readRecords, revocationFile } from './issue-records.ts';
import { openVendor, refreshVendor, requireExpressible, type OpenedVendor, type Vendor } from './vendor.ts';

/**
 * Revokes a machine by the serial number of any PCK certificate that it ever
 * got: all of them enter the next CRL, which is issued at once, and the vendor
 * issues no more for the PPID. Revoking twice is the same as once; a revocation that did not return can be repeated.
 *
 * @param serialNumber hex, as in the certificate; leading zeros and colons do not matter
 * @throws PCK_UNKNOWN, COLLATERAL_UNREADABLE
 */
export async function revoke(vendor: Pick<OpenedVendor, 'folder'>, serialNumber: string, now: Date): Promise<Vendor> {
  const current = await openVendor(vendor.folder);
  const { folder } = current;
  const serial = normalSerial(serialNumber);
  const ppid = serial === undefined ? undefined : await ownerOf(folder, { serialNumber: serial });
  if (serial === undefined || ppid === undefined) throw new EnclosError('PCK_UNKNOWN');
  const known = new Set(current.revoked.map((entry) => entry.serialNumber));
  const added = [...new Set([serial, ...(await serialsOf(folder, ppid))])].filter((other) => !known.has(other));
  if (added.length > 0) {
    const entries = added.map((other) => ({ serialNumber: other, at: now }));
    await requireExpressible(current, { revoked: [...current.revoked, ...entries] }, now);
  }
  // The first entry closes the PPID. A certificate that was recorded before that is in the list that follows.
  await addRevocation(folder, serial, now);
  for (const other of await serialsOf(folder, ppid)) await addRevocation(folder, other, now);
  return refreshVendor(current, now);
}

async function serialsOf(folder: string, ppid: string): Promise<readonly string[]> {
  return (await readRecords(folder, ppid)).map((record) => record.serialNumber);
}

async function addRevocation(folder: string, serialNumber: string, now: Date): Promise<void> {
  await addFile(
    join(folder, revocationFile(serialNumber)),
    JSON.stringify({ serialNumber, at: isoSeconds(now.getTime()) }),
  );
}

/** The form in our records: 32 upper-case digits. The serial numbers of this vendor are 16 bytes and begin above 3f. */
function normalSerial(text: string): string | undefined {
  const digits = text.replaceAll(':', '').toUpperCase();
  return /^0*([4-7][0-9A-F]{31})$/.exec(digits)?.[1];
}
