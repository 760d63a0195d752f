import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { PAGE_SIZE, PageFlags, writeSgxs } from '@enclos/sgx';
import { generateSigningKey, sha256, signSigstruct } from '@enclos/sgx/node';
import {
  createMachine,
  createQuotingEnclave,
  createVendor,
  enrol,
  startCpu,
  type Machine,
  type Vendor,
} from '@enclos/software-sgx';
import { sigstructFields } from '@enclos/testkit';
import { now, temporaryFolder } from './support.ts';

export interface SoftwareSite {
  readonly vendor: Vendor;
  readonly machine: Machine;
  quote(): Uint8Array;
}

/** A vendor, and a machine that it enrolled. */
export async function softwareSite(collateralUrl?: string): Promise<SoftwareSite> {
  const folder = temporaryFolder();
  const vendor = await createVendor(join(folder, 'vendor'), {
    now,
    ...(collateralUrl === undefined ? {} : { collateralUrl }),
  });
  const empty = await createMachine(join(folder, 'machine'), { separation: 'separated' });
  const machine = await enrol(vendor, empty, now, { allowSeparated: true });
  return { vendor, machine, quote: () => quoteOn(machine) };
}

function quoteOn(machine: Machine): Uint8Array {
  const image = writeSgxs({
    ssaFrameSize: 1,
    sizeBytes: BigInt(2 * PAGE_SIZE),
    pages: [{ offset: 0n, flags: PageFlags.REG | PageFlags.R, content: new Uint8Array(PAGE_SIZE).fill(7) }],
  });
  const cpu = startCpu(machine, { randomBytes: (sizeBytes) => new Uint8Array(randomBytes(sizeBytes)) });
  const quoting = createQuotingEnclave({ cpu, machine });
  const enclave = cpu.load(image, signed(image), { debug: false });
  return quoting.quote(cpu.ereport(enclave, quoting.targetInfo(), new Uint8Array(64).fill(0x5a)));
}

function signed(image: Uint8Array) {
  return signSigstruct(sigstructFields({ enclaveHash: sha256(image), isvProdId: 7, isvSvn: 3 }), generateSigningKey());
}
