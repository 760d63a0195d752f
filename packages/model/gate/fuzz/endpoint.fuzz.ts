import { EnclosError, isEnclosError } from '@enclos/errors';
import {
  createEndpoint,
  encodeFrame,
  FrameKind,
  STREAM_WINDOW_BYTES,
  StreamTable,
  type TransportEvents,
} from '../src/index.ts';

const empty = { table: 0, functionIndex: 0, callId: 0, parentCallId: 0, timeoutMs: 0, payload: new Uint8Array(0) };
const hello = encodeFrame({ ...empty, kind: FrameKind.HELLO });
const nested = encodeFrame({
  ...empty,
  kind: FrameKind.CALL,
  callId: 2,
  parentCallId: 1,
  timeoutMs: 9,
  payload: Uint8Array.of(1),
});
const call = encodeFrame({ ...empty, kind: FrameKind.CALL, callId: 4, table: 1 });
const cancel = encodeFrame({ ...empty, kind: FrameKind.CANCEL, callId: 2 });
const log = encodeFrame({ ...empty, kind: FrameKind.LOG, payload: Uint8Array.of(65, 27, 10, 9, 0xc3, 0xa4) });
const answer = encodeFrame({ ...empty, kind: FrameKind.RETURN, callId: 1, payload: Uint8Array.of(1) });
const failure = encodeFrame({ ...empty, kind: FrameKind.THROW, callId: 1, payload: Uint8Array.of(1, 0, 65, 66) });
const forged = encodeFrame({
  ...empty,
  kind: FrameKind.THROW,
  callId: 1,
  payload: Buffer.from('\x0c\0ENCLAVE_LOST'),
});
const stream = Buffer.concat([
  encodeFrame({ ...empty, kind: FrameKind.STREAM_DATA, callId: 1, payload: Uint8Array.of(1, 2, 3) }),
  encodeFrame({ ...empty, kind: FrameKind.STREAM_CREDIT, callId: 1, parentCallId: 200 }),
  encodeFrame({ ...empty, kind: FrameKind.STREAM_END, callId: 1 }),
  encodeFrame({ ...empty, kind: FrameKind.STREAM_CLOSE, callId: 1 }),
  encodeFrame({ ...empty, kind: FrameKind.STREAM_CLOSE, callId: 9 }),
]);
const goodbye = encodeFrame({ ...empty, kind: FrameKind.GOODBYE });

export const seeds: readonly Uint8Array[] = [
  Buffer.concat([hello, nested, call, cancel, log, answer, goodbye]),
  Buffer.concat([hello, call, nested, failure]),
  Buffer.concat([hello, forged]),
  Buffer.concat([hello, hello]),
  Buffer.concat([hello, stream, goodbye]),
  call,
];

/** Nothing fires in a fuzz run, and everything armed must be disarmed by its end. */
function countingTimers(): { readonly armed: Set<number>; setTimeout(): unknown; clearTimeout(handle: unknown): void } {
  const armed = new Set<number>();
  let next = 0;
  return {
    armed,
    setTimeout: () => {
      armed.add(++next);
      return next;
    },
    clearTimeout: (handle) => void (typeof handle === 'number' && armed.delete(handle)),
  };
}

/** A live endpoint with one pending call against a hostile peer: only typed errors, nothing armed when it is over. */
export function fuzz(data: Uint8Array): void {
  let events: TransportEvents | undefined;
  let unsafeLine = false;
  let oversized = false;
  let keptBytes = 0;
  const timers = countingTimers();
  const streams = new StreamTable({ send: (_frame, _isRefusal, taken) => taken?.(), answersStrangers: true });
  const open = { data: ({ length }: Uint8Array) => void (keptBytes += length), room() {}, ended() {} };
  const port = streams.open(1, { ...open, closed: () => port.close() }, () => undefined);
  port.send(new Uint8Array(1000));
  const endpoint = createEndpoint({
    transport: {
      send: () => true,
      close: () => undefined,
      pause: () => undefined,
      resume: () => undefined,
      start: (given) => void (events = given),
    },
    initiator: true,
    hello: empty.payload,
    acceptHello: () => undefined,
    limits: {
      maxFrameBytes: 8192,
      maxConcurrentCalls: 2,
      maxQueuedCalls: 2,
      maxPendingCalls: 4,
      maxDepth: 3,
      helloTimeoutMs: 1000,
    },
    remoteErrors: ['GATE_BUSY', 'GATE_HELLO_TIMEOUT'],
    maxPayloadBytes: (table, index) => 8 + table + index,
    dispatch: ({ invoke, index, payload }) => {
      if (payload.length > 8 + 1 + index) oversized = true;
      return index % 2 === 0 ? invoke(0, 1, payload) : Promise.resolve(payload);
    },
    describeError: (error) => ({ code: isEnclosError(error) ? error.code : 'FUZZ', message: '' }),
    lostError: () => new EnclosError('GATE_PROTOCOL_VIOLATION'),
    onStream: (frame) => streams.received(frame),
    onLog: (level, text) => {
      unsafeLine ||= level > 4 || /[\p{Cc}\u2028\u2029]/u.test(text);
    },
    timers,
  });
  endpoint.invoke(0, 0, Uint8Array.of(1)).catch(onlyAccepted);
  endpoint.closed.then(({ error }) => error !== undefined && onlyTyped(error)).catch(rethrow);
  for (let at = 0; at < data.length; at += 61) events?.data(data.subarray(at, at + 61));
  events?.end();
  if (unsafeLine) throw new RangeError('A log line is not safe to print.');
  if (keptBytes > STREAM_WINDOW_BYTES) throw new RangeError('More of a stream came than was granted.');
  if (oversized) throw new RangeError('Arguments over their bound were served.');
  if (timers.armed.size > 0) throw new Error(`${timers.armed.size} timers outlive the gate.`);
}

function onlyTyped(error: unknown): void {
  if (!isEnclosError(error)) rethrow(error);
}

function onlyAccepted(error: unknown): void {
  onlyTyped(error);
  if (isEnclosError(error) && error.details['remote'] === true && error.kind === 'lost') rethrow(error);
}

/** Out of the promise, so that the runner sees it. */
function rethrow(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
