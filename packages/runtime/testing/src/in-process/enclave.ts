import { createCaller, systemInterface, type Functions, type Handlers, type Interface } from '@enclos/edl';
import {
  createLogFilter,
  type EnclaveApplication,
  type EnclaveRuntime,
  type HostSystem,
} from '@enclos/enclave/for-testing';
import { EnclosError } from '@enclos/errors';
import { loadEnclave, logLevels, type Enclave, type HostContext, type LogLevel } from '@enclos/host';
import type { LoadedEnclave } from '@enclos/software-sgx';
import type { Attester, LaunchedIdentity } from '@enclos/tee';
import type { HostileHost } from '../hostile/host.ts';
import { makeImage, type InProcessIdentity } from './image.ts';
import { createInProcessLauncher } from './launcher.ts';
import { requireQuoting, type InProcessMachine } from './machine.ts';
import { runIn } from './runtime-of-tests.ts';

export interface InProcessEnclaveOptions extends InProcessIdentity {
  /** What `start` starts: the application that the main module of the enclave exports. */
  readonly application?: EnclaveApplication;
  /** Gets the lines of `log` that a host would read, with their level, as `onLog` of `loadEnclave` does. */
  readonly onLog?: (level: LogLevel, text: string) => void;
}

/** The host of an enclave in the process of a test. */
export interface InProcessHost<T extends Functions, U extends Functions> {
  readonly untrusted: Handlers<U, HostContext<T>>;
  /** A host that lies: see `createHostileHost` of `@enclos/testing/hostile`. */
  readonly host?: Pick<HostileHost, 'through'>;
}

/** An enclave whose code runs in the process of the test. */
export interface InProcessEnclave {
  readonly identity: LaunchedIdentity;
  /**
   * Runs code as that of this enclave, with everything that it starts and awaits. It has no host: `seal`, `report`, `quote` and
   * `log` work, and files, mounts and streams are refused as undeclared.
   * @returns what the code returns
   */
  run<R>(work: () => R): R;
  /**
   * Starts the application of this enclave in this process. Calls go through the call gate and its codec, in both directions,
   * as those of a real enclave do. The modules of the process are shared: a second start sees the variables of the first.
   * @param definition the interface of the application.
   * @throws ENCLAVE_NO_APPLICATION when the enclave has none, and what `loadEnclave` throws.
   */
  start<T extends Functions, U extends Functions>(
    definition: Interface<T, U>,
    host: InProcessHost<T, U>,
  ): Promise<Enclave<T>>;
}

export function createInProcessEnclave(machine: InProcessMachine, options: InProcessEnclaveOptions): InProcessEnclave {
  const { application, onLog } = options;
  const { manifest, image, signature } = makeImage(options, application);
  const enclave = machine.cpu.load(image, signature, { debug: manifest.debug });
  const attester = attesterOf(machine, enclave);
  const log = createLogFilter(manifest.debug ? 'trace' : 'info', (level, text) =>
    onLog?.(logLevels[level] ?? 'error', text),
  );
  const runtimeFor = (system: HostSystem): EnclaveRuntime => ({
    manifest,
    attester,
    files: [],
    system,
    sendStream: () => refuseStream(),
    log: (level, text) => log.write(level, text),
  });
  const alone = runtimeFor(createCaller(systemInterface.untrusted, () => Promise.reject(noHost())));
  const identity = identityOf(enclave, manifest.debug);
  return Object.freeze({
    identity,
    run: <R>(work: () => R): R => runIn(alone, work),
    async start<T extends Functions, U extends Functions>(
      definition: Interface<T, U>,
      { untrusted, host }: InProcessHost<T, U>,
    ): Promise<Enclave<T>> {
      if (application === undefined) {
        throw new EnclosError('ENCLAVE_NO_APPLICATION', 'The enclave was made without an application.');
      }
      const launcher = createInProcessLauncher({
        application,
        manifest,
        identity,
        runtimeFor,
        capabilities: attester.capabilities,
      });
      const hosted = host?.through(launcher) ?? launcher;
      const images = { image, signature, launcher: hosted, interface: definition };
      return loadEnclave({ ...images, untrusted, isolation: 'best' });
    },
  });
}

function noHost(): EnclosError {
  return new EnclosError('ENCLAVE_HOST_LOST', 'Code that `run` runs has no host.');
}

function refuseStream(): never {
  throw new EnclosError('STREAM_NOT_DECLARED', 'An enclave in the process of a test has no streams.');
}

/** EREPORT, EGETKEY and quotes, each for this enclave and no other. */
function attesterOf(machine: InProcessMachine, enclave: LoadedEnclave): Attester {
  const { cpu, capabilities } = machine;
  return Object.freeze({
    capabilities,
    report: async (targetInfo: Uint8Array, reportData: Uint8Array) => cpu.ereport(enclave, targetInfo, reportData),
    key: async (request: Uint8Array) => cpu.egetkey(enclave, request),
    async quote(reportData: Uint8Array) {
      const quoting = requireQuoting(machine);
      return quoting.quote(cpu.ereport(enclave, quoting.targetInfo(), reportData));
    },
  });
}

function identityOf({ identity }: LoadedEnclave, debug: boolean): LaunchedIdentity {
  const { mrEnclave, mrSigner, isvProdId, isvSvn } = identity;
  return Object.freeze({ mrEnclave, mrSigner, productId: isvProdId, securityVersion: isvSvn, debug });
}
