import { exists } from '../files.ts';
import { info, type Check } from './check.ts';

const devices = [
  ['/dev/sgx_enclave', 'Intel SGX'],
  ['/dev/sev-guest', 'AMD SEV-SNP guest'],
  ['/dev/tdx_guest', 'Intel TDX guest'],
] as const;

/** Hardware that this version cannot use yet, and a later one could. */
export async function checkHardware(isThere: (path: string) => Promise<boolean> = exists): Promise<readonly Check[]> {
  const found = await Promise.all(devices.map(([path]) => isThere(path)));
  return devices.map(([path, name], index) =>
    info(
      `hardware: ${name}`,
      found[index] === true ? `${path} is here; this version has no driver for it` : `no ${path}; not needed`,
    ),
  );
}
