import '../errors.ts';
import { ApplicationError, defineEnclave, type EnclaveApplication } from '@enclos/enclave';
import { EnclosError, isEnclosError } from '@enclos/errors';
import { inference } from '../inference.edl.ts';
import { startService, type Service, type ServiceHost, type ServiceListeners } from './service.ts';

/** The enclave application. It serves once in its life. */
export function inferenceApplication(listeners: ServiceListeners = {}): EnclaveApplication {
  let lifelong: ServiceHost | undefined;
  let service: Promise<Service> | undefined;
  const running = async (): Promise<Service> => {
    if (service === undefined) throw new EnclosError('INFERENCE_SERVING');
    return service;
  };
  return defineEnclave(
    inference,
    {
      async serve() {
        // Not the host of this call: what it begins goes on after it.
        if (service !== undefined || lifelong === undefined) throw new EnclosError('INFERENCE_SERVING');
        service = startService(lifelong, listeners).catch(readable);
        return (await service).answer;
      },
      drain: async () => (await running()).drain(),
      counters: async () => (await running()).counters(),
    },
    {
      start: ({ host }) => {
        lifelong = {
          modelPart: (part) => host.modelPart(part),
          catalogue: () => host.catalogue(),
          storeRead: (key, options) => host.storeRead(key, options),
          storeWrite: (row, options) => host.storeWrite(row, options),
          endorsements: () => host.endorsements(),
          replicas: () => host.replicas(),
        };
      },
    },
  );
}

/** What is wrong with the configuration or a model is for the host to read, and holds no secret. The host has the advice for its code. */
function readable(error: unknown): never {
  if (isEnclosError(error) && /^(?:INFERENCE|MODEL|ENGINE|SERVICE)_/.test(error.code)) {
    throw new ApplicationError(`${error.code}: ${error.message}`, { cause: error });
  }
  throw error;
}
