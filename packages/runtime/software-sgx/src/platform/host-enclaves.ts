import { EnclosError } from '@enclos/errors';
import type { EnclaveExit } from '@enclos/tee';
import type { EnclaveAudit, HostAudit } from '../platform-audit.ts';
import type { Admission } from './admission.ts';
import { prepareInstance, type Instance, type InstanceRequest } from './instance.ts';
import type { PlatformServices } from './services.ts';

/** The enclaves of one host. Their numbers mean nothing to another host. */
export interface HostEnclaves {
  /**
   * The bytes of the image have already been taken from the admission.
   * @throws PLATFORM_BUSY, and what {@link prepareInstance} throws.
   */
  prepare(request: InstanceRequest): Promise<{ readonly enclave: bigint; readonly instance: Instance }>;
  /** A place among the enclaves of the host, for one that is being launched. @returns what gives it back. @throws PLATFORM_BUSY */
  reserve(): () => void;
  /** Takes an enclave that was launched. Its end is told, and it ends with the host. @returns its number */
  keep(enclave: RunningEnclave): bigint;
  terminate(enclave: bigint): void;
  /** Ends all enclaves, including those that are still being prepared. */
  close(): void;
}

/** What is known of an enclave whatever runs it. */
export interface RunningEnclave extends Pick<Instance, 'exited' | 'terminate'> {
  readonly audit: EnclaveAudit | undefined;
}

export interface HostEnclavesOptions {
  readonly services: PlatformServices;
  readonly admission: Admission;
  readonly audit?: HostAudit | undefined;
  /** Called for each enclave that ends before the host is gone. */
  readonly exited: (enclave: bigint, exit: EnclaveExit) => void;
}

const maxEnclavesPerHost = 256;

export function createHostEnclaves({ services, admission, audit, exited }: HostEnclavesOptions): HostEnclaves {
  const instances = new Map<bigint, RunningEnclave>();
  let last = 0n;
  let preparing = 0;
  let gone = false;

  const keep = (instance: RunningEnclave): bigint => {
    const enclave = ++last;
    instances.set(enclave, instance);
    void instance.exited.then((exit) => {
      instances.delete(enclave);
      instance.audit?.exited(exit);
      if (!gone) exited(enclave, exit);
    });
    if (gone) instance.terminate();
    return enclave;
  };

  const reserve = (): (() => void) => {
    if (instances.size + preparing >= maxEnclavesPerHost) {
      throw new EnclosError('PLATFORM_BUSY', `A host has ${maxEnclavesPerHost} enclaves and no more.`);
    }
    preparing += 1;
    return () => {
      preparing -= 1;
    };
  };

  return Object.freeze({
    reserve,
    keep,
    async prepare(request: InstanceRequest) {
      const end = admission.beginLaunch(request.image.streamBytes);
      let giveBack: (() => void) | undefined;
      try {
        giveBack = reserve();
        const instance = await prepareAudited(services, request, audit?.enclave());
        void instance.started.then(end);
        return { enclave: keep(instance), instance };
      } catch (error) {
        end();
        throw error;
      } finally {
        giveBack?.();
      }
    },
    terminate(enclave: bigint) {
      const instance = instances.get(enclave);
      instance?.audit?.terminated();
      instance?.terminate();
    },
    close() {
      gone = true;
      for (const instance of instances.values()) instance.terminate();
    },
  });
}

type AuditedInstance = Instance & RunningEnclave;

/** No host gets an enclave that is not in the audit log. */
async function prepareAudited(
  services: PlatformServices,
  request: InstanceRequest,
  audit: EnclaveAudit | undefined,
): Promise<AuditedInstance> {
  if (audit === undefined) return { ...(await prepareInstance(services, request)), audit };
  let instance: Instance;
  try {
    instance = await prepareInstance(services, { ...request, audit });
  } catch (error) {
    audit.refused(request, error);
    throw error;
  }
  try {
    const { passagePath, companionFiles: companions } = instance;
    await audit.launched({ ...request, passed: passagePath !== undefined, companions }, instance.identity);
  } catch (error) {
    instance.terminate();
    throw error;
  }
  return { ...instance, audit };
}
