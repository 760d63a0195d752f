import { equalBytes } from '@enclos/codec';
import { MAX_STREAMS, maxArgumentBytes, type Caller, type Functions } from '@enclos/edl';
import { EnclosError, isEnclosError } from '@enclos/errors';
import { createEndpoint, type Endpoint, type EndpointOptions, type IncomingCall } from '@enclos/gate';
import type { EnclaveManifest } from '@enclos/manifest';
import { decodeGateHello, encodeGateHello, errorsFromEnclave, GateTable, type LaunchedEnclave } from '@enclos/tee';
import type { Debugging } from '../debug/debugging.ts';
import { defaultCallTimeoutMs, endLateCalls, gateOptions } from './call-deadline.ts';
import { gateTransport } from './gate-transport.ts';
import { hostCaller } from './host-caller.ts';
import { watchEnd } from './lost-enclave.ts';
import { CallContext } from './call-context.ts';
import { defaultStartTimeoutMs, type LoadOptions } from './load-options.ts';
import { observedDispatch } from './observed-calls.ts';
import type { PreparedImage } from './prepare.ts';
import { maxServiceArguments, type HostServices } from '../services/services.ts';
import type { Watch } from '../observe/watch.ts';

/** A prepared image whose enclave process runs. */
export interface LaunchedImage<T extends Functions> extends PreparedImage<T> {
  readonly launched: LaunchedEnclave;
  readonly services: HostServices;
}

/** Opens the host's side of the call gate. */
export function openGate<T extends Functions, U extends Functions>(
  options: LoadOptions<T, U>,
  image: LaunchedImage<T>,
  watch: Watch | undefined,
): Endpoint {
  const { launched, manifest, digest, services, calls, debugging } = image;
  const { trusted, untrusted } = options.interface;
  const serve: EndpointOptions['dispatch'] =
    watch === undefined
      ? (call) => calls(call.index, call.payload, new CallContext(call, () => callerOf(call, trusted, debugging)))
      : observedDispatch({ untrusted, trusted, calls, watch, through: (invoke) => debugging.through(invoke) });
  const onLog = logOf(debugging.onLog, watch);
  const maxBytes = {
    application: maxArgumentBytes(options.interface.untrusted),
    system: maxServiceArguments,
  };
  const end = watchEnd(launched, (exit) => debugging.exit(exit));
  const endpoint = createEndpoint({
    transport: end.delayed(gateTransport(launched.gate)),
    initiator: true,
    hello: encodeGateHello({ name: manifest.name, interfaceDigest: digest }),
    acceptHello(theirs) {
      if (!equalBytes(decodeGateHello(theirs).interfaceDigest, digest)) {
        throw new EnclosError('HOST_INTERFACE_MISMATCH');
      }
    },
    limits: {
      ...manifest.limits,
      maxConcurrentCalls: maxHostCalls,
      maxConcurrentSystemCalls: maxHostCalls + (hasStreams(manifest) ? MAX_STREAMS : 0),
      maxQueuedCalls: Math.min(manifest.limits.maxQueuedCalls, maxHostQueuedCalls),
      helloTimeoutMs: options.startTimeoutMs ?? defaultStartTimeoutMs,
      ...debugging.limits,
    },
    remoteErrors: errorsFromEnclave,
    maxPayloadBytes: (table, index) =>
      (table === GateTable.system ? maxBytes.system : maxBytes.application)[index] ?? 0,
    dispatch: (call) =>
      call.table === GateTable.system ? services.dispatch(call.index, call.payload, call) : serve(call),
    describeError: describeHostError,
    lostError: end.lostError,
    ...(onLog === undefined ? {} : { onLog }),
    // Called when frames arrive, which is never before this function has returned.
    onStream: (frame) => streamReceived(frame),
    streamTurns,
  });
  // A breakpoint may hold a call for any time.
  if (!debugging.inspected) {
    endLateCalls(endpoint, options.callTimeoutMs ?? defaultCallTimeoutMs, Object.keys(trusted));
  }
  const streamReceived = services.streams.connect(endpoint.stream, {
    violated: (error) => void endpoint.close(error),
    lost: () => void launched.terminate(),
  });
  return endpoint;
}

/** The most untrusted functions that may run or wait at once for one enclave. A manifest can only ask for less. */
const maxHostCalls = 256;
/** A call may wait for a stream for any time, so these calls have separate slots. */
const hasStreams = ({ listen, connect }: EnclaveManifest): boolean => listen.length + connect.length > 0;
const maxHostQueuedCalls = 1024;
/** Under load each turn finds more sockets with data. */
const streamTurns = 3;

type OnLog = (level: number, text: string) => void;

function logOf(onLog: OnLog | undefined, watch: Watch | undefined): OnLog | undefined {
  if (watch === undefined) return onLog;
  return (level, text) => {
    watch.line(level, text);
    onLog?.(level, text);
  };
}

function callerOf<T extends Functions>(call: IncomingCall, trusted: T, debugging: Debugging): Caller<T> {
  const invoke = debugging.through((nested) =>
    call.invoke(GateTable.application, nested.index, nested.payload, gateOptions(nested)),
  );
  return hostCaller(trusted, invoke);
}

/** The enclave does not need the host's reasons. The host's log has them. */
function describeHostError(error: unknown): { code: string; message: string } {
  if (isEnclosError(error)) return { code: error.code, message: error.message };
  return { code: 'HOST_CALL_FAILED', message: 'The untrusted function failed.' };
}
