import { array } from './types/array.ts';
import { bytes } from './types/bytes.ts';
import { enumeration, option } from './types/choices.ts';
import { defineInterface, func } from './interface.ts';
import { uint32, uint64 } from './types/numbers.ts';
import { record } from './types/record.ts';
import { string } from './types/string.ts';

/** File content crosses in pieces of at most this size. */
export const MAX_FILE_CHUNK_BYTES = 256 * 1024;

/** The most streams that an enclave may have at once, including pending ones. */
export const MAX_STREAMS = 256;
const path = string({ minBytes: 1, maxBytes: 1024 });
const target = path;
const kind = enumeration('file', 'folder', 'other');
const logLevel = enumeration('error', 'warn', 'info', 'debug', 'trace');
const chunk = bytes({ maxBytes: MAX_FILE_CHUNK_BYTES });
/** The name of a listener or a destination. A program whose network is `any` may name a host and a port: `peer.example 443`. */
const declaredName = string({ minBytes: 1, maxBytes: 260 });
/** Chosen by the enclave, so that no answer of the host can confuse two streams; the gate's frames carry it. Never 0. */
const stream = uint32();

/**
 * The calls between the trusted and the untrusted runtime besides the application's interface (table 1 of the gate). All
 * answers of the host are untrusted: trusted files are checked against the manifest's digest, and mounts carry any content that
 * the host chooses.
 */
export const systemInterface = defineInterface({
  name: 'enclos_system',
  trusted: {
    /** Starts the application, with the variables that the manifest takes from the host. */
    start: func({
      hostEnvironment: array(
        record({ name: string({ minBytes: 1, maxBytes: 64 }), value: string({ maxBytes: 4096 }) }),
        {
          maxItems: 256,
        },
      ),
      /** The most detailed log level that the host wants. It is advice: the enclave never exceeds its own maximum. */
      logLevel: option(logLevel),
    }),
  },
  untrusted: {
    readTrustedFile: func({ path, offset: uint64(), maxBytes: uint32() }, chunk),
    mountStat: func({ target, path }, option(record({ kind, sizeBytes: uint64() }))),
    mountRead: func({ target, path, offset: uint64(), maxBytes: uint32() }, chunk),
    mountList: func(
      { target, path },
      array(record({ name: string({ minBytes: 1, maxBytes: 255 }), kind }), { maxItems: 16_384 }),
    ),
    /** One piece of the new content of a file. The file changes, atomically, with the piece that has `last`. */
    mountWrite: func({ target, path, write: uint32(), content: chunk, last: enumeration('no', 'yes') }),
    mountRemove: func({ target, path }),
    /**
     * Waits for a connection to a declared listener, whose bytes then cross as frames. The host reports the peer's address,
     * which is untrusted.
     */
    streamAccept: func({ listener: declaredName, stream }, string({ maxBytes: 256 })),
    streamConnect: func({ destination: declaredName, stream }),
  },
});
