import type { TLSSocket } from 'node:tls';
import { EnclosError, type ErrorKind, isEnclosError } from '@enclos/errors';
import { misused } from './errors.ts';
import { encodeMessage, type RefusalReason } from './protocol/messages.ts';

export interface AttemptOptions {
  /** For handshake and exchange together. Default: 10 seconds. */
  readonly timeoutMs?: number | undefined;
  /** Gives up, with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** How long a refusal may take to reach a peer that does not read. */
const farewellMs = 1000;
const handshakeEvents = { client: 'secureConnect', server: 'secure' } as const;

/**
 * Runs what has to be over before the application gets a socket. Whatever goes
 * wrong, the socket is closed, the peer told if that can still be, and nothing
 * of the socket handed out.
 */
export async function attempt<T>(
  socket: TLSSocket,
  { timeoutMs = 10_000, signal }: AttemptOptions,
  work: () => Promise<T>,
): Promise<T> {
  if (!(timeoutMs > 0 && timeoutMs < 2 ** 31)) {
    socket.destroy();
    misused('timeoutMs is not a number of milliseconds.');
  }
  // For good: a peer that breaks its connection must not end an enclave. The socket closes all the same.
  socket.on('error', () => undefined);
  // The sides take turns with small messages: delaying one to fill a segment gains nothing (RFC 896, RFC 1122 section 4.2.3.2).
  socket.setNoDelay(true);
  let stop: (() => void) | undefined;
  const stopped = new Promise<never>((_resolve, reject) => {
    const timer = setTimeout(() => reject(new EnclosError('ATLS_TIMEOUT')), timeoutMs);
    const aborted = (): void => reject(abortReason(signal));
    signal?.addEventListener('abort', aborted);
    if (signal?.aborted === true) aborted();
    stop = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', aborted);
    };
  });
  try {
    return await Promise.race([work(), stopped]);
  } catch (error) {
    close(socket, reasonOf(error));
    throw error;
  } finally {
    stop?.();
  }
}

function abortReason(signal: AbortSignal | undefined): Error {
  const reason: unknown = signal?.reason;
  return reason instanceof Error ? reason : new Error('Connecting was given up.', { cause: reason });
}

/** @throws ATLS_HANDSHAKE_FAILED, ATLS_UNREACHABLE */
export function handshake(socket: TLSSocket, role: 'client' | 'server'): Promise<void> {
  const event = handshakeEvents[role];
  return new Promise((resolve, reject) => {
    const settle = (failed: boolean, cause?: unknown): void => {
      socket.off(event, done).off('error', fail).off('close', fail).off('end', fail);
      if (failed) reject(failure(cause));
      else resolve();
    };
    const done = (): void => settle(socket.getProtocol() !== 'TLSv1.3');
    const fail = (cause?: unknown): void => settle(true, cause instanceof Error ? cause : undefined);
    socket.once(event, done).once('error', fail).once('close', fail).once('end', fail);
    if (socket.destroyed) fail();
  });
}

function failure(cause: unknown): EnclosError {
  const attempts = attemptsOf(cause);
  if (attempts.length === 0) return new EnclosError('ATLS_HANDSHAKE_FAILED', undefined, { cause });
  const places = attempts.map(({ address, hostname, port, code }) => {
    const place = address?.includes(':') === true ? `[${address}]` : (address ?? hostname);
    return `${[place, port].filter((part) => part !== undefined).join(':')} (${code})`;
  });
  const message = `No connection to the server could be made: ${places.join(', ')}.`;
  return new EnclosError('ATLS_UNREACHABLE', message, { cause });
}

interface Attempt extends NodeJS.ErrnoException {
  readonly address?: string;
  readonly hostname?: string;
  readonly port?: number;
}

/** The attempts to connect, when none gave a connection on which a handshake could have failed. A name can have many addresses. */
function attemptsOf(cause: unknown): readonly Attempt[] {
  const errors: readonly unknown[] = cause instanceof AggregateError ? cause.errors : [cause];
  return errors.every(isAttempt) ? errors : [];
}

function isAttempt(error: unknown): error is Attempt {
  if (!(error instanceof Error) || !('syscall' in error)) return false;
  return error.syscall === 'connect' || error.syscall === 'getaddrinfo';
}

const reasonOfKind: Readonly<Partial<Record<ErrorKind, RefusalReason>>> = { evidence: 'evidence', policy: 'policy' };

function reasonOf(error: unknown): RefusalReason | undefined {
  if (!isEnclosError(error)) return undefined;
  if (error.code === 'ATLS_PROTOCOL_VIOLATION') return 'protocol';
  if (error.code === 'ATLS_IDENTITY_MISSING' || error.code === 'ATLS_EVIDENCE_UNAVAILABLE') return 'no-evidence';
  return reasonOfKind[error.kind];
}

/** What still comes is read and dropped: a socket that is closed with unread bytes takes the refusal along. */
function close(socket: TLSSocket, reason: RefusalReason | undefined): void {
  const destroy = (): void => void socket.destroy();
  if (reason === undefined || socket.destroyed || !socket.writable) return destroy();
  const timer = setTimeout(destroy, farewellMs);
  socket.once('close', () => clearTimeout(timer)).once('end', destroy);
  socket.end(encodeMessage({ kind: 'refused', reason }));
  socket.resume();
}
