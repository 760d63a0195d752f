import { createPrivateKey, randomBytes } from 'node:crypto';
import { PAGE_SIZE, PageFlags, writeSgxs } from '@enclos/sgx';
import { sha256, signSigstruct } from '@enclos/sgx/node';
import { createQuotingEnclave, openMachine, startCpu } from '@enclos/software-sgx';
import { sigstructFields } from '@enclos/testkit';
import { signingKey } from './cli.ts';

const allBits = 0xffff_ffff_ffff_ffffn;

/** A quote of an enclave without code, which the test key signed, on the software machine in a folder. */
export async function softwareQuote(
  machineFolder: string,
  reportData: Uint8Array = new Uint8Array(64),
): Promise<Uint8Array> {
  const page = { offset: 0n, flags: PageFlags.REG | PageFlags.R, content: new Uint8Array(PAGE_SIZE) };
  const image = writeSgxs({ ssaFrameSize: 1, sizeBytes: BigInt(2 * PAGE_SIZE), pages: [page] });
  const attributeMask = { flags: allBits, xfrm: allBits };
  const fields = sigstructFields({ enclaveHash: sha256(image), attributeMask });
  const signature = signSigstruct(fields, createPrivateKey(signingKey()));
  const machine = await openMachine(machineFolder);
  const cpu = startCpu(machine, { randomBytes: (sizeBytes) => new Uint8Array(randomBytes(sizeBytes)) });
  const quoting = createQuotingEnclave({ cpu, machine });
  return quoting.quote(cpu.ereport(cpu.load(image, signature, { debug: false }), quoting.targetInfo(), reportData));
}
