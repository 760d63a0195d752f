import { ApplicationError, defineEnclave } from '@enclos/enclave';
import { isEnclosError } from '@enclos/errors';
import { attestation } from './attestation.edl.ts';
import { startService, type Service } from './inside/service.ts';
import { serviceFault } from './service-fault.ts';
import type { Host } from './tenants/tenant.ts';

let lifelong: Host | undefined;
let service: Promise<Service> | undefined;

/** @throws ATTESTATION_SERVING */
async function running(): Promise<Service> {
  if (service === undefined) throw serviceFault('ATTESTATION_SERVING');
  return service;
}

/** What is wrong with a configuration or a store is for the host to read, and holds no secret. */
function readable(error: unknown): never {
  if (isEnclosError(error) && error.code.startsWith('ATTESTATION_')) {
    throw new ApplicationError(`${error.code}: ${error.message} ${error.next}`, { cause: error });
  }
  throw error;
}

export const application = defineEnclave(
  attestation,
  {
    async serve({ configuration }) {
      // Not the host of this call: what it begins goes on after it.
      if (service !== undefined || lifelong === undefined) throw serviceFault('ATTESTATION_SERVING');
      service = startService(configuration, lifelong).catch(readable);
      return (await service).answer;
    },
    drain: async () => (await running()).drain(),
    counters: async () => (await running()).counters(),
  },
  {
    start: ({ host }) => {
      lifelong = host;
    },
  },
);
