import '../release/errors.ts';
import '../tokens/errors.ts';
import { ApplicationError, defineEnclave, type EnclaveApplication } from '@enclos/enclave';
import { EnclosError, isEnclosError } from '@enclos/errors';
import { attestation } from '../attestation.edl.ts';
import '../errors.ts';
import type { Host } from '../tenants/tenant.ts';
import { startService, type Service, type ServiceParts } from './service.ts';

/** The enclave application. It takes one configuration in its life. */
export function attestationApplication(parts: ServiceParts = {}): EnclaveApplication {
  let lifelong: Host | undefined;
  let service: Promise<Service> | undefined;
  /** @throws ATTESTATION_SERVING */
  const running = async (): Promise<Service> => {
    if (service === undefined) throw new EnclosError('ATTESTATION_SERVING');
    return service;
  };
  return defineEnclave(
    attestation,
    {
      async serve({ configuration }) {
        // Not the host of this call: what it begins goes on after it.
        if (service !== undefined || lifelong === undefined) throw new EnclosError('ATTESTATION_SERVING');
        service = startService(configuration, lifelong, parts).catch(readable);
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
}

/** What is wrong with a configuration or a store is for the host to read, and holds no secret. */
function readable(error: unknown): never {
  if (isEnclosError(error) && /^(?:ATTESTATION|SERVICE)_/.test(error.code)) {
    throw new ApplicationError(`${error.code}: ${error.message} ${error.next}`, { cause: error });
  }
  throw error;
}
