import { LARGE_PAYLOAD_BYTES, type Transport, type TransportEvents } from './transport.ts';

/** The part of `node:stream` Duplex (and `net.Socket`) that a gate needs. */
export interface DuplexLike {
  readonly destroyed?: boolean;
  readonly writableLength?: number;
  /** Sockets have it. */
  readonly connecting?: boolean;
  write(chunk: Uint8Array, written?: (error?: Error | null) => void): boolean;
  end(): unknown;
  destroy(): unknown;
  pause(): unknown;
  resume(): unknown;
  on(event: string, listener: (...values: never[]) => void): unknown;
}

/**
 * A transport over a Duplex stream without an encoding. It owns the stream:
 * it listens to its errors until the end, and then destroys it.
 * @param sent gets each large payload when the kernel has taken all of it, so that the stream no longer uses its memory.
 */
export function streamTransport(duplex: DuplexLike, sent?: (payload: Uint8Array) => void): Transport {
  let closing = false;
  // Streams other than sockets may pass on the memory that they are given, and still report that they have written it.
  const isSocket = duplex.connecting !== undefined;
  return {
    send: (bytes) =>
      isSocket && bytes.length >= LARGE_PAYLOAD_BYTES
        ? duplex.write(bytes, (error) => void (error ?? sent?.(bytes)))
        : duplex.write(bytes),
    ...(isSocket ? { hasSent: () => duplex.writableLength === 0 } : {}),
    close(reason) {
      if (reason !== undefined) return void duplex.destroy();
      if (closing) return;
      closing = true;
      duplex.end();
      // With unread input, 'end' would never be emitted.
      duplex.resume();
    },
    start: (events) => listen(duplex, events),
    pause: () => void duplex.pause(),
    resume: () => void duplex.resume(),
  };
}

function listen(duplex: DuplexLike, events: TransportEvents): void {
  let ended = false;
  const end = (error?: Error): void => {
    if (ended) return;
    ended = true;
    events.end(error);
  };
  duplex.on('data', (chunk: unknown) => {
    if (ended) return;
    if (chunk instanceof Uint8Array) return events.data(chunk);
    end(new TypeError('The stream of a gate must deliver bytes, not text or objects.'));
    duplex.destroy();
  });
  duplex.on('drain', () => {
    if (!ended) events.drain();
  });
  duplex.on('error', (error: Error) => end(error));
  duplex.on('end', () => end());
  duplex.on('close', () => end());
  // Otherwise a stream that was paused earlier would stay paused.
  duplex.resume();
  // It has already emitted its events.
  if (duplex.destroyed === true) queueMicrotask(() => end());
}
