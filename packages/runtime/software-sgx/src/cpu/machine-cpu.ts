import { fromHex } from '@enclos/codec';
import { machineSecrets, quotingFiles, type Machine } from '@enclos/provisioning';
import { mrSignerOf, parseSigstruct } from '@enclos/sgx';
import { sha256 } from '@enclos/sgx/node';
import { createCpu, type Cpu, type CreateCpuOptions } from './cpu.ts';

/** Starts the CPU of a machine. It keeps the CPUSVN that the machine has at this moment. */
export function startCpu(machine: Machine, options: Pick<CreateCpuOptions, 'randomBytes' | 'provisionSigners'>): Cpu {
  const { fuses, ownerEpoch } = machineSecrets(machine);
  const { pck } = machine;
  const signer = pck && mrSignerOf(parseSigstruct(quotingFiles(pck).sigstruct).modulus, sha256);
  return createCpu({
    fuses,
    ownerEpoch,
    cpuSvn: fromHex(machine.cpuSvn),
    ...options,
    ...(signer === undefined ? {} : { provisionSigner: signer }),
  });
}
