import { basename } from 'node:path';
import { underDeadline, untilAborted } from '@enclos/bounded';
import { toHex } from '@enclos/codec';
import { EnclosError, isEnclosError } from '@enclos/errors';
import { endError, observed, type Watch } from '@enclos/host/life';
import { launchAttributes, sgxsPieces, type EnclaveImage } from '@enclos/sgx-image';
import type { LaunchedSgxEnclave } from '@enclos/tee';
import type { AbiHost } from '../abi/abi.ts';
import { Arena } from '../arena/arena.ts';
import { ThreadPool } from '../calls/pool.ts';
import { ThreadEvents } from '../calls/thread-events.ts';
import { greetingsOf } from '../gate/greeting.ts';
import { StubThread } from '../gate/stub-thread.ts';
import { Loss } from './loss.ts';
import type { LaunchShape } from './shape.ts';
import type { SgxLaunchOptions } from './options.ts';

/** An enclave that was launched, before it is initialised. */
export interface OpenedEnclave extends Pick<AbiHost, 'threads' | 'arena' | 'events' | 'enclave' | 'lost'> {
  readonly launched: LaunchedSgxEnclave;
  readonly loss: Loss;
}

export interface LaunchPlan {
  readonly options: SgxLaunchOptions;
  readonly image: EnclaveImage;
  readonly shape: LaunchShape;
  readonly watch: Watch | undefined;
  readonly signal: AbortSignal;
}

/** Has the platform measure, check and start an image, and opens its gates. @throws as `loadSgxEnclave` */
export async function launchImage(plan: LaunchPlan): Promise<OpenedEnclave> {
  const { options, watch, image } = plan;
  const signature = options.signature ?? image.signature;
  if (signature === undefined) {
    const message = `${basename(options.image)} has no SIGSTRUCT. Give it as "signature".`;
    throw new EnclosError('ENCLAVE_FILE_NOT_SIGNED', message, { details: { path: options.image } });
  }
  const launched = await observed(watch, 'load', () => launch(plan, signature));
  try {
    return await open(launched, plan);
  } catch (error) {
    await launched.terminate();
    if (!isEnclosError(error, 'SGX_WIRE_INVALID') && isEnclosError(error)) throw error;
    throw endError('ENCLAVE_START_FAILED', await launched.exited, error);
  }
}

async function launch(
  { options, image, shape, watch, signal }: LaunchPlan,
  signature: Uint8Array,
): Promise<LaunchedSgxEnclave> {
  // A signature that is given goes before the file's own.
  const { attributes, miscSelect } = launchAttributes({ ...image, signature }, { debug: options.debug ?? false });
  const launched = await options.launcher.launchSgx({
    stream: sgxsPieces(image),
    enclaveBytes: image.sizeBytes,
    ...shape,
    signature,
    attributes,
    miscSelect,
    configId: options.configId,
    configSvn: options.configSvn,
    isolation: options.isolation ?? 'strict',
    signal,
  });
  const { identity, isolation } = launched;
  if (watch !== undefined) watch.mrEnclave = toHex(identity.mrEnclave);
  const { productId, securityVersion, debug } = identity;
  const isolationMissing = isolation.flatMap(({ active, name }) => (active ? [] : [name])).join(' ');
  const fields = { productId, securityVersion, debug, isolationMissing };
  watch?.event('loaded', 'info', 'The platform measured and started the enclave.', fields);
  return launched;
}

async function open(launched: LaunchedSgxEnclave, { shape, signal }: LaunchPlan): Promise<OpenedEnclave> {
  const hellos = await untilAborted(signal, greetingsOf(launched.gates, shape.stackBytes));
  const all = hellos.flatMap((hello, i) => {
    const gate = launched.gates[i];
    return gate === undefined ? [] : [new StubThread(gate, hello, (error) => void loss.begin(reasonOf(error)))];
  });
  const threads = new ThreadPool(all);
  const events = new ThreadEvents(all.map(({ tcs }) => tcs));
  void launched.exited.then(() => {
    for (const thread of all) thread.close();
  });
  const loss = new Loss(launched, (error) => {
    for (const thread of all) thread.fail(error);
    threads.close(error);
    events.close(error);
  });
  const [first] = hellos;
  if (first === undefined) throw new EnclosError('SGX_WIRE_INVALID', 'The enclave has no gate.');
  const stacksBytes = shape.stackBytes * all.length;
  return {
    launched,
    loss,
    threads,
    events,
    arena: new Arena({ base: first.arenaBase, bytes: Number(first.arenaBytes), stacksBytes }),
    enclave: { base: first.enclaveBase, bytes: first.enclaveBytes },
    async lost(reason) {
      throw await loss.begin(reason);
    },
  };
}

/** A gate that only closed says nothing: the platform's report does. */
function reasonOf(error: Error): string | undefined {
  return isEnclosError(error, 'SGX_WIRE_INVALID') ? error.message : undefined;
}

/** Runs the steps of a load within a time, and within a signal of the caller. */
export async function withinLoad<T>(
  { signal, timeoutMs }: { readonly signal: AbortSignal | undefined; readonly timeoutMs: number },
  load: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  return underDeadline(timeoutMs, async (deadline) => {
    const both = signal === undefined ? deadline : AbortSignal.any([deadline, signal]);
    try {
      return await load(both);
    } catch (error) {
      if (!both.aborted || isEnclosError(error)) throw error;
      const cause: unknown = both.reason;
      if (signal?.aborted === true) throw new EnclosError('GATE_CANCELLED', undefined, { cause });
      const message = `The enclave was not ready within ${timeoutMs} ms (startTimeoutMs).`;
      throw new EnclosError('GATE_DEADLINE', message, { details: { timeoutMs }, cause });
    }
  });
}
