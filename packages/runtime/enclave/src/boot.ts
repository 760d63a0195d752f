import './errors.ts';
import type { Duplex } from 'node:stream';
import { equalBytes } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import {
  decodeFiles,
  decodeInterpreterManifest,
  interfaceDigest,
  mustBePassed,
  type EnclaveManifest,
} from '@enclos/manifest';
import { createSoftwareAttester, type Capabilities } from '@enclos/tee';
import type { EnclavePassage } from '@enclos/tee/passage';
import { isEnclaveApplication, type EnclaveApplication } from './application.ts';
import { createLogFilter, LogLevel, type LogFilter } from './log-filter.ts';
import { hostCaller, hostSystem, serveGate } from './serve.ts';
import { installEnvironment, installRuntime, streamReceived } from './runtime.ts';

/** Everything that the platform's loader hands to the measured bundle. */
export interface BootCapabilities {
  /** The call gate: everything that arrives on it comes from the host. */
  readonly gate: Duplex;
  /** The platform channel: EREPORT, EGETKEY, quotes. */
  readonly platform: Duplex;
  /** Where connected sockets arrive; absent unless the platform passes them. */
  readonly passage?: EnclavePassage | undefined;
  /** What the platform can do; absent on the software platform. */
  readonly platformCapabilities?: Capabilities | undefined;
  /** The manifest and the embedded files, as measured. */
  readonly manifest: Uint8Array;
  readonly files: Uint8Array;
  /** Ends the process. */
  exit(code: number): void;
}

/**
 * Starts the trusted runtime. The build's generated entry calls it with the
 * application's main module.
 */
export async function boot(main: Readonly<Record<string, unknown>>, capabilities: BootCapabilities): Promise<void> {
  const application = findApplication(main);
  const manifest = decodeInterpreterManifest(capabilities.manifest);
  // The build read the interface from its module, but this bundle must serve the same one.
  if (!equalBytes(interfaceDigest(application.interface), manifest.interfaceDigest)) {
    throw new EnclosError('ENCLAVE_INTERFACE_MISMATCH');
  }
  const attester = createSoftwareAttester(capabilities.platform, capabilities.platformCapabilities);
  // An enclave never outlives its platform or its host: without them it has nothing to serve.
  void attester.closed.then(() => capabilities.exit(exitCodes.platformGone));
  await attester.ready;
  let starting = false;
  const { passage } = capabilities;
  const endpoint = serveGate({
    gate: capabilities.gate,
    manifest,
    application,
    async start({ hostEnvironment, logLevel }) {
      starting = true;
      // Here, because the host learns only from an answer why an enclave does not start.
      if (passage === undefined && mustBePassed(manifest).length > 0) {
        throw new EnclosError('STREAM_TRANSPORT_UNAVAILABLE');
      }
      if (logLevel !== undefined) logLines.restrict(logLevel);
      installEnvironment(environmentOf(manifest, hostEnvironment));
      await application.start?.({ host: hostCaller(endpoint, application.interface.untrusted) });
      starting = false;
    },
    onStream: streamReceived,
  });
  const most = application.maxLogLevel ?? (manifest.debug ? 'trace' : 'info');
  const logLines = createLogFilter(most, (level, text) => endpoint.log(level, text));
  void endpoint.closed.then(() => capabilities.exit(starting ? exitCodes.startFailed : exitCodes.hostGone));
  installRuntime({
    manifest,
    attester,
    files: decodeFiles(capabilities.files),
    system: hostSystem(endpoint),
    sendStream: endpoint.stream,
    passage,
    log: (level, text) => logLines.write(level, text),
  });
  redirectConsole(logLines);
  await endpoint.ready;
}

const exitCodes = Object.freeze({ hostGone: 0, platformGone: 3, startFailed: 4 });

function findApplication(main: Readonly<Record<string, unknown>>): EnclaveApplication {
  const found = Object.values(main).filter(isEnclaveApplication);
  const [application] = found;
  if (application === undefined || found.length > 1) {
    throw new EnclosError('ENCLAVE_NO_APPLICATION', `The main module exports ${found.length} applications.`);
  }
  return application;
}

/** Measured values win; a host value for anything but a declared host variable is refused. */
function environmentOf(
  manifest: EnclaveManifest,
  fromHost: readonly { readonly name: string; readonly value: string }[],
): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  const open = new Set<string>();
  for (const { name, value } of manifest.environment) {
    if (value === undefined) open.add(name);
    else values.set(name, value);
  }
  for (const { name, value } of fromHost) {
    if (!open.delete(name)) {
      throw new EnclosError(
        'ENCLAVE_VARIABLE_NOT_DECLARED',
        'The host sent a variable that the manifest does not take from it.',
      );
    }
    values.set(name, value);
  }
  return values;
}

/** `console` writes to the host's log: an enclave has no standard output. */
function redirectConsole(lines: LogFilter): void {
  const line =
    (level: number) =>
    (...parts: readonly unknown[]): void =>
      lines.write(level, () => parts.map((part) => (typeof part === 'string' ? part : describe(part))).join(' '));
  Object.assign(globalThis.console, {
    error: line(LogLevel.error),
    warn: line(LogLevel.warn),
    info: line(LogLevel.info),
    log: line(LogLevel.info),
    debug: line(LogLevel.debug),
    trace: line(LogLevel.trace),
    dir: line(LogLevel.info),
    table: line(LogLevel.info),
  });
}

/** Values other than text are logged by type only: an object may hold what must not leave. */
function describe(value: unknown): string {
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint') return String(value);
  if (value instanceof Error) return value.name;
  return `[${value === null ? 'null' : typeof value}]`;
}
