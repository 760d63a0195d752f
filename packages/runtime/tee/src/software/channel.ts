import type { Duplex } from 'node:stream';
import { equalBytes, utf8 } from '@enclos/codec';
import { maxArgumentBytes, type Interface } from '@enclos/edl';
import { EnclosError, isEnclosError } from '@enclos/errors';
import {
  createEndpoint,
  patientLimits,
  streamTransport,
  type Endpoint,
  type IncomingCall,
  type Transport,
} from '@enclos/gate';
import { errorsFromPlatform, errorsToPlatform } from './channel-errors.ts';
import { channelLimits } from './enclave-channel.ts';

export interface ChannelOptions {
  readonly stream: Duplex;
  /** Carries the bytes of `stream`. Default: `streamTransport` with `sent`. */
  readonly transport?: Transport;
  /** The side that opens the conversation: enclave and host. The platform answers. */
  readonly initiator: boolean;
  /** Both sides must have the same one. The platform serves its trusted functions. */
  readonly protocol: Interface;
  /** Waits without a timeout for the peer's greeting and frames: a debugger may pause the peer. */
  readonly patient?: boolean;
  /** Gets each large message that this side sent, when the kernel has all of it: no other code reads it again. */
  readonly sent?: (message: Uint8Array) => void;
  /** Memory for large messages of the peer, which may hold anything: see `EndpointOptions.memoryFor`. */
  readonly memoryFor?: (sizeBytes: number) => Uint8Array;
  /** Serves the peer's calls. */
  serve(index: number, payload: Uint8Array, call: IncomingCall): Uint8Array | Promise<Uint8Array>;
}

/** Opens one platform channel over a byte stream. */
export function openChannel(options: ChannelOptions): Endpoint {
  const { initiator, protocol } = options;
  const hello = utf8(protocol.describe());
  const maxBytes = maxArgumentBytes(initiator ? protocol.untrusted : protocol.trusted);
  return createEndpoint({
    transport: options.transport ?? streamTransport(options.stream, options.sent),
    initiator,
    hello,
    acceptHello(theirs) {
      if (!equalBytes(theirs, hello)) throw new EnclosError('TEE_PROTOCOL_MISMATCH');
    },
    limits: options.patient === true ? { ...channelLimits, ...patientLimits } : channelLimits,
    memoryFor: options.memoryFor,
    remoteErrors: initiator ? errorsFromPlatform() : errorsToPlatform,
    maxPayloadBytes: (table, index) => (table === 0 ? (maxBytes[index] ?? 0) : 0),
    dispatch(call) {
      // A channel has one table: a function without arguments must not have a second name.
      if (call.table !== 0) throw new EnclosError('EDL_UNKNOWN_FUNCTION', 'A platform channel has no table but 0.');
      return options.serve(call.index, call.payload, call);
    },
    describeError: describePlatformError,
    lostError: (cause) => new EnclosError('TEE_PLATFORM_LOST', undefined, { cause }),
  });
}

/**
 * The part of a failure that crosses a platform channel: registered errors with their message. Other errors do not cross,
 * because their text could quote a secret.
 */
function describePlatformError(error: unknown): { code: string; message: string } {
  if (isEnclosError(error)) return { code: error.code, message: error.message };
  return { code: 'TEE_PLATFORM_FAILED', message: 'The platform failed to serve the call.' };
}
