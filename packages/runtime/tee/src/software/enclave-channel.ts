import { bytes, defineInterface, func } from '@enclos/edl';

/**
 * The platform process speaks two protocols, both written as interfaces and
 * carried by the call gate. The caller is never trusted: the enclave's channel
 * is a descriptor that the platform made at spawn, so the connection *is* the
 * identity, and nothing in a message names an enclave.
 */

export const MAX_IMAGE_CHUNK_BYTES = 1024 * 1024;
/** The version of the channels of enclaves and of programs that want quotes. */
export const protocolVersion = 1;

/** What an enclave asks the platform for: EREPORT, EGETKEY and a quote over its own report. */
export const enclaveChannel = defineInterface({
  name: `enclave_channel_${protocolVersion}`,
  trusted: {
    report: func(
      { targetInfo: bytes({ exactBytes: 512 }), reportData: bytes({ exactBytes: 64 }) },
      bytes({ exactBytes: 432 }),
    ),
    key: func({ request: bytes({ exactBytes: 512 }) }, bytes({ exactBytes: 16 })),
    quotingTarget: func({}, bytes({ exactBytes: 512 })),
    quote: func({ report: bytes({ exactBytes: 432 }) }, bytes({ maxBytes: 65_536 })),
  },
  untrusted: {},
});

/** One call of either channel fits one frame of this size. */
export const channelLimits = Object.freeze({
  maxFrameBytes: MAX_IMAGE_CHUNK_BYTES + 4096,
  maxConcurrentCalls: 64,
  maxQueuedCalls: 256,
  maxPendingCalls: 320,
  maxDepth: 4,
  helloTimeoutMs: 10_000,
});
