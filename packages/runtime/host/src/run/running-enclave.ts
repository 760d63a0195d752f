import { isIPv6 } from 'node:net';
import { toHex } from '@enclos/codec';
import type { Functions, Invoke } from '@enclos/edl';
import type { Endpoint } from '@enclos/gate';
import { isEnclosError } from '@enclos/errors';
import type { EnclaveManifest } from '@enclos/manifest';
import { GateTable, type LaunchedEnclave } from '@enclos/tee';
import type { StreamAddress } from '../services/addresses.ts';
import type { RunningStream } from '../debug/developer-tool.ts';
import { gateOptions } from './call-deadline.ts';
import { toSendOnce } from './gate-transport.ts';
import { EndCause, endedInTime, observed, reportEnd } from './life.ts';
import { defaultDisposeTimeoutMs, type LoadOptions } from './load-options.ts';
import { endError } from './lost-enclave.ts';
import { logLevels, type LogFields } from '../observe/logger.ts';
import { openGate, type LaunchedImage } from './open-gate.ts';
import { companionFiles } from './companion-files.ts';
import type { PreparedImage } from './prepare.ts';
import { openServices, type HostServices } from '../services/services.ts';
import type { UnreachableDestination } from '../services/unreachable.ts';
import { start } from './start.ts';
import { codeOf, type Watch } from '../observe/watch.ts';

/** An enclave that runs, before its functions have their types. */
export interface RunningEnclave extends Pick<LaunchedEnclave, 'identity' | 'isolation' | 'exited'> {
  readonly invoke: Invoke;
  /** Settles when calls are no longer answered; the process may still be ending. Never rejects. */
  readonly closed: Promise<unknown>;
  /** Where each listener of the manifest really listens, by name. */
  readonly listeners: Readonly<Record<string, StreamAddress>>;
  /** Settles when the process has ended, its streams are closed and its writes are done. Never rejects. */
  readonly ended: Promise<void>;
  readonly dispose: () => Promise<void>;
}

/** The inputs of one run of an enclave. */
interface Run<T extends Functions, U extends Functions> {
  readonly options: LoadOptions<T, U>;
  readonly prepared: PreparedImage<T>;
  readonly watch: Watch | undefined;
}

/**
 * Runs a prepared image: opens the services of the host, has the platform launch the enclave, opens the gate to it and
 * starts its application. When a step fails, the steps before it are undone.
 * @throws as `loadEnclave`.
 */
export async function runEnclave<T extends Functions, U extends Functions>(
  options: LoadOptions<T, U>,
  prepared: PreparedImage<T>,
  watch: Watch | undefined,
): Promise<RunningEnclave> {
  const run = { options, prepared, watch };
  try {
    const services = await openServices(prepared.manifest, {
      folders: { mounts: options.mounts ?? {}, trustedFiles: options.trustedFiles ?? {} },
      streams: {
        listen: options.listen ?? {},
        connect: options.connect ?? {},
        listenAddress: options.listenAddress,
        capabilities: options.launcher.capabilities,
        watch,
        unreachable: (found) => tellUnreachable(run, found),
      },
      endorsements: options.launcher.endorsements?.bind(options.launcher),
    });
    return await runWith(services, run);
  } catch (error) {
    const code = codeOf(error, 'ENCLAVE_START_FAILED');
    watch?.event('load-failed', 'error', `The enclave could not be loaded: ${code}.`, { code });
    throw error;
  }
}

async function runWith<T extends Functions, U extends Functions>(
  services: HostServices,
  run: Run<T, U>,
): Promise<RunningEnclave> {
  try {
    const launched = await launch(run, services);
    const image = { ...run.prepared, launched, services };
    const application = await startApplication(image, run);
    return runningEnclave(image, application, run);
  } catch (error) {
    await services.close();
    throw error;
  }
}

/** The platform measures the image, verifies its signature and starts the enclave process. */
async function launch<T extends Functions, U extends Functions>(
  { options, prepared, watch }: Run<T, U>,
  { streams }: HostServices,
): Promise<LaunchedEnclave> {
  const { manifest, debugging } = prepared;
  const launched = await observed(watch, 'load', async () => {
    const enclave = await options.launcher.launch({
      image: options.image,
      signature: options.signature,
      debug: manifest.debug,
      isolation: options.isolation ?? 'strict',
      inspector: debugging.inspected,
      openPassage: streams.openPassage,
      files: companionFiles(manifest, options.companionFiles),
      signal: options.signal,
    });
    if (watch !== undefined) watch.mrEnclave = toHex(enclave.identity.mrEnclave);
    return enclave;
  });
  const { identity, inspector } = launched;
  if (inspector !== undefined) options.developerTool?.takeInspector(manifest.name, identity, inspector);
  watch?.event('loaded', 'info', 'The platform measured and started the enclave.', loadedFields(launched));
  for (const entry of manifest.listen) tellListening(watch, { streams, launched }, entry);
  return launched;
}

function loadedFields({ identity, isolation, companions }: LaunchedEnclave): LogFields {
  const { productId, securityVersion, debug } = identity;
  const missing = isolation.filter(({ active }) => !active).map(({ name }) => name);
  const beside = companions === undefined ? {} : { companions: Object.keys(companions).join(' ') };
  return { productId, securityVersion, debug, isolationMissing: missing.join(' '), ...beside };
}

/** Says of each listener where it is, and how its connections reach the enclave. */
function tellListening(
  watch: Watch | undefined,
  { streams, launched }: { readonly streams: HostServices['streams']; readonly launched: LaunchedEnclave },
  entry: EnclaveManifest['listen'][number],
): void {
  const { name } = entry;
  const { path, host = '', port = entry.port } = streams.listeners[name] ?? {};
  const address = path ?? (isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`);
  const transport = streams.transportOf(entry);
  const why = entry.transport === 'either' && transport === 'relayed' ? launched.relayedWhy : undefined;
  const because = why === undefined ? '.' : `: ${why}`;
  watch?.event('accepting', 'info', `${name} listens at ${address}, ${transport}${because}`, {
    listener: name,
    address,
    transport,
  });
}

/** To the logger; to the lines of the enclave where there is none, since its connections then just break. */
function tellUnreachable<T extends Functions, U extends Functions>(
  { options, prepared, watch }: Run<T, U>,
  { destination, reason }: UnreachableDestination,
): void {
  const message = `The destination ${destination} cannot be reached: ${reason}.`;
  watch?.event('connect-failed', 'warn', message, { destination, reason });
  if (options.logger === undefined) prepared.debugging.onLog?.(logLevels.indexOf('warn'), message);
}

/** An application that has started: the gate to it, and its end. */
interface Application {
  readonly endpoint: Endpoint;
  readonly ended: Promise<void>;
}

/** Opens the gate and runs the application's `start`. A failure ends the enclave process. */
async function startApplication<T extends Functions, U extends Functions>(
  image: LaunchedImage<T>,
  { options, watch }: Run<T, U>,
): Promise<Application> {
  const { launched, services, manifest, debugging } = image;
  try {
    const endpoint = openGate(options, image, watch);
    const ended = endpoint.closed.then(async () => {
      // An enclave that broke the protocol may not end by itself.
      await launched.terminate();
      await services.close();
    });
    await observed(watch, 'start', () => debugging.outcome(start(endpoint, options, image)));
    watch?.event('started', 'info', 'The application started.', { threads: manifest.threads });
    return { endpoint, ended };
  } catch (error) {
    await launched.terminate();
    // It ended before the host could use it.
    if (!isEnclosError(error, 'ENCLAVE_LOST')) throw error;
    throw endError('ENCLAVE_START_FAILED', debugging.exit(await launched.exited), error);
  }
}

function runningStreams({ listen, connect }: EnclaveManifest, { streams }: HostServices): readonly RunningStream[] {
  return [
    ...listen.map((entry) => ({ kind: 'listen' as const, name: entry.name, transport: streams.transportOf(entry) })),
    ...connect.map((entry) => ({ kind: 'connect' as const, name: entry.name, transport: streams.transportOf(entry) })),
  ];
}

function runningEnclave<T extends Functions, U extends Functions>(
  { launched, services, manifest, debugging }: LaunchedImage<T>,
  { endpoint, ended }: Application,
  { options, watch }: Run<T, U>,
): RunningEnclave {
  const { identity, isolation, exited } = launched;
  options.developerTool?.started(manifest.name, identity, runningStreams(manifest, services));
  const cause = new EndCause([exited, endpoint.closed]);
  const fields = { threads: manifest.threads };
  const reported = watch === undefined ? ended : reportEnd(watch, { ended, exited, cause, fields });
  return {
    invoke: debugging.through((call) =>
      endpoint.invoke(GateTable.application, call.index, toSendOnce(call.payload), gateOptions(call)),
    ),
    identity,
    isolation,
    listeners: services.streams.listeners,
    exited: exited.then((exit) => debugging.exit(exit)),
    closed: endpoint.closed,
    ended,
    async dispose() {
      cause.hostDisposes();
      await endedInTime(
        endpoint.close().then(() => reported),
        options.disposeTimeoutMs ?? defaultDisposeTimeoutMs,
      );
    },
  };
}
