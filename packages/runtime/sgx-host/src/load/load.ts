import { printable, printableLines } from '@enclos/diagnostics';
import { type BoundInterface, createEcalls } from '@enclos/edl-calls/host';
import { EnclosError, isEnclosError } from '@enclos/errors';
import { codeOf, createWatch, EndCause, endedInTime, enter, observed, reportEnd, type Watch } from '@enclos/host/life';
import type { EnclaveImage } from '@enclos/sgx-image';
import type { AbiRuntime } from '../abi/abi.ts';
import { CallDesk } from './call-desk.ts';
import { openImage } from './image-file.ts';
import { readInterface } from './interface-file.ts';
import { launchImage, type OpenedEnclave, withinLoad } from './launch.ts';
import { OcallTable } from './ocall-table.ts';
import type { CallBounds, SgxEnclave, SgxLoadOptions, UntypedEcalls } from './options.ts';
import { requireOwnInterface, type SdkRuntime, sdkRuntimeOf } from './runtimes.ts';
import { shapeOf, timeoutsOf } from './shape.ts';
import { sharedMemory } from './shared-memory.ts';

/**
 * Loads a signed enclave of Intel's SGX SDK or of Open Enclave: the platform measures its file, checks its signature as EINIT
 * does and starts it. Then its runtime is initialised, and its ECALLs can be made.
 *
 * Evidence about such an enclave names its true MRENCLAVE under the root of the software platform. It does not say that the enclave runs
 * on silicon: see docs/how-to/run-signed-enclaves.md.
 *
 * @throws what its file is refused with (ENCLAVE_FILE_*, EDL_FILE_REFUSED), what the platform refuses (SIGSTRUCT_*, LAUNCH_*,
 *   ISOLATION_UNAVAILABLE, SGX_EXECUTION_UNAVAILABLE), EDL_HANDLER_MISSING, EDL_CALL_FAILED when its
 *   initialisation is refused inside, ENCLAVE_START_FAILED, HOST_OPTION_INVALID, GATE_DEADLINE, GATE_CANCELLED
 * @example
 * ```ts
 * import { startPlatform } from '@enclos/software-sgx';
 * import { loadSgxEnclave } from '@enclos/sgx-host';
 *
 * const platform = await startPlatform({ stateFolder: './platform' });
 * const enclave = await loadSgxEnclave({
 *   image: 'enclave.signed.so',
 *   edl: 'enclave.edl',
 *   ocalls: { ocall_print: ({ text }: { text: string }) => console.log(text) },
 *   launcher: platform,
 * });
 * try {
 *   console.log(await enclave.ecalls['ecall_add']?.({ a: 20, b: 22 }));
 * } finally {
 *   await enclave.dispose();
 *   await platform.close();
 * }
 * ```
 */
export async function loadSgxEnclave<E extends object = UntypedEcalls, O extends object = object>(
  options: SgxLoadOptions<E, O>,
): Promise<SgxEnclave<E>> {
  // One signature, without overloads: a handler of a wrong type is marked where it stands.
  const enclave: SgxEnclave<object> = await enter(loadSgxEnclave, () => load(options));
  // The interface that E comes from gives the ECALLs their values; that of a path is UntypedEcalls.
  return enclave as SgxEnclave<E>;
}

async function load(options: SgxLoadOptions<object, object>): Promise<SgxEnclave<object>> {
  const timeouts = timeoutsOf(options);
  const { image, close } = openImage(options.image);
  try {
    return await loadImage(options, image, timeouts);
  } finally {
    close();
  }
}

type Timeouts = ReturnType<typeof timeoutsOf>;

async function loadImage(
  options: SgxLoadOptions<object, object>,
  image: EnclaveImage,
  timeouts: Timeouts,
): Promise<SgxEnclave<object>> {
  const sdk = sdkRuntimeOf(image);
  if (sdk === undefined) {
    const message = 'An SGXS stream does not say which SDK it was made with. Give the signed file of the SDK.';
    throw new EnclosError('HOST_OPTION_INVALID', `image: ${message}`);
  }
  const shape = shapeOf(options, image);
  const bound = typeof options.edl === 'string' ? readInterface(options.edl, withDialect(options, sdk)) : options.edl;
  requireOwnInterface(bound.model, sdk, options.ocalls ?? {});
  const { name } = bound.model;
  const watch = createWatch(name, options);
  const { isSystemName } = sdk;
  const ocalls = new OcallTable({ bound, handlers: options.ocalls ?? {}, isSystemName, watch });
  const bounds = { signal: options.signal, timeoutMs: timeouts.startTimeoutMs };
  try {
    return await withinLoad(bounds, async (signal) => {
      const opened = await launchImage({ options, image, shape, watch, signal });
      const running: Running = { options, opened, bound, ocalls, watch, timeouts };
      const runtime = await initialise(sdk, running, signal);
      watch?.event('started', 'info', 'The enclave was initialised.', { threads: shape.threads });
      return enclaveOf(runtime, running);
    });
  } catch (error) {
    const code = codeOf(error, 'ENCLAVE_START_FAILED');
    watch?.event('load-failed', 'error', `The enclave could not be loaded: ${code}.`, { code });
    throw error;
  }
}

function withDialect(options: SgxLoadOptions<object, object>, { abi }: SdkRuntime): SgxLoadOptions<object, object> {
  return options.dialect === undefined ? { ...options, dialect: abi } : options;
}

interface Running {
  readonly options: SgxLoadOptions<object, object>;
  readonly opened: OpenedEnclave;
  readonly bound: BoundInterface;
  readonly ocalls: OcallTable;
  readonly watch: Watch | undefined;
  readonly timeouts: Timeouts;
}

/** Has the runtime of the SDK begin. A failure ends the enclave process. */
async function initialise(
  sdk: SdkRuntime,
  { options, opened, bound, ocalls, watch }: Running,
  signal: AbortSignal,
): Promise<AbiRuntime> {
  const { launched, loss, ...parts } = opened;
  const print = options.print ?? ((device: 'stdout' | 'stderr', text: string) => void process[device].write(text));
  const runtime = sdk.create(
    { ...parts, model: bound.model, handles: ocalls.handles, serve: ocalls.serve },
    {
      launcher: options.launcher,
      // What an enclave prints must not change what a terminal shows.
      print: (device, text) => print(device, printableLines(text)),
      log: (level, text) => watch?.line(level, printable(text.trimEnd())),
      failed: ocalls.failed,
    },
  );
  const stop = (): void => void loss.begin('It was not initialised in time.');
  signal.addEventListener('abort', stop);
  try {
    await observed(watch, 'start', () => runtime.start());
    return runtime;
  } catch (error) {
    await launched.terminate();
    signal.throwIfAborted();
    if (!isEnclosError(error, 'ENCLAVE_LOST')) throw error;
    throw new EnclosError('ENCLAVE_START_FAILED', error.message, { cause: error });
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

function enclaveOf(runtime: AbiRuntime, running: Running): SgxEnclave<object> {
  const { opened, bound, watch, timeouts } = running;
  const { launched, threads, arena, loss } = opened;
  const { identity, isolation } = launched;
  const { exited } = loss;
  const names = bound.model.ecalls.map(({ name }) => name);
  const desk = new CallDesk({ runtime, threads, names, timeoutMs: timeouts.callTimeoutMs, watch });
  const within = (bounds: CallBounds): object => createEcalls<object>(bound, desk.within(bounds));
  const ended = exited.then(() => desk.end());
  const cause = new EndCause([exited]);
  const fields = { threads: threads.threads.length };
  const reported = watch === undefined ? ended : reportEnd(watch, { ended, exited, cause, fields });
  const dispose = async (): Promise<void> => {
    cause.hostDisposes();
    void loss.begin('Its host disposed of it.');
    await endedInTime(reported, timeouts.disposeTimeoutMs);
  };
  return Object.freeze({
    ecalls: within({}),
    within,
    identity,
    isolation,
    threads: threads.threads.length,
    memory: sharedMemory(arena, threads.access),
    exited,
    dispose,
    [Symbol.asyncDispose]: dispose,
  });
}
