import {
  array,
  boolean,
  bytes,
  defineInterface,
  enumeration,
  func,
  option,
  record,
  string,
  uint16,
  uint32,
  uint64,
  uint8,
} from '@enclos/edl';
import { MAX_IMAGE_CHUNK_BYTES } from './enclave-channel.ts';

/** The protocol of hosts. That of enclaves is in enclave-channel.ts, so that no enclave holds both. */

const layer = record({ name: string({ maxBytes: 64 }), active: boolean(), detail: string({ maxBytes: 1024 }) });
/** PATH_MAX (limits.h): the size of sun_path does not bound it, see unix-socket.ts. */
const maxSocketPathBytes = 4096;
/**
 * Pieces of the stream of an SGX image that wait for its process at once. The process starts while the first ones are measured: with fewer, host
 * and platform would wait for it instead.
 */
export const MAX_SGX_PIECES = 8;
const isolationMode = enumeration('strict', 'best');

/** What a host asks the platform for. Its version is its own: images that are built keep the channel of enclaves. */
export const hostChannel = defineInterface({
  name: 'host_channel_4',
  trusted: {
    describe: func(
      {},
      record({
        separation: enumeration('single-user', 'separated'),
        cpuSvn: bytes({ exactBytes: 16 }),
        rootFingerprint: bytes({ exactBytes: 32 }),
        rootCertificate: string({ maxBytes: 8192 }),
        interpreterVersion: string({ maxBytes: 32 }),
        layers: array(layer, { maxItems: 32 }),
        /** The program that runs SGX images, if the platform has it. */
        sgxStub: option(
          record({ sha256: bytes({ exactBytes: 32 }), securityVersion: uint8(), compiler: string({ maxBytes: 128 }) }),
        ),
        /** Why no SGX image can run here; absent when they can. */
        sgxObstacle: option(string({ maxBytes: 1024 })),
        /** Why no companions can run here; absent when they can. */
        companionsObstacle: option(string({ maxBytes: 1024 })),
      }),
    ),
    /** The endorsements of this platform's evidence, as one JSON document. */
    endorsements: func({}, string({ maxBytes: 262_144 })),
    /** Opens an upload. Its chunks follow in order. */
    create: func({ imageBytes: uint32() }, uint32()),
    add: func({ upload: uint32(), chunk: bytes({ maxBytes: MAX_IMAGE_CHUNK_BYTES }) }),
    /**
     * Asks for a file of a companion, by its digest.
     * @returns 0 when the platform has it; otherwise the number of an upload, whose pieces follow in order. The last piece is answered
     *   when the file was checked.
     */
    openFile: func({ sha256: bytes({ exactBytes: 32 }), sizeBytes: uint32() }, uint32()),
    addToFile: func({ upload: uint32(), chunk: bytes({ maxBytes: MAX_IMAGE_CHUNK_BYTES }) }),
    /**
     * Measures, verifies (EINIT) and prepares to spawn. The enclave starts when a client connects to `gatePath`, after
     * connecting to `inspectorPath` if an inspector was asked for, and to `passagePath` if sockets are passed.
     */
    initialize: func(
      {
        upload: uint32(),
        signature: bytes({ exactBytes: 1808 }),
        debug: boolean(),
        isolation: isolationMode,
        inspector: option(boolean()),
        /** Whether this host can pass connected sockets to the enclave. */
        passes: option(boolean()),
      },
      record({
        enclave: uint64(),
        gatePath: string({ maxBytes: maxSocketPathBytes }),
        inspectorPath: option(string({ maxBytes: maxSocketPathBytes })),
        /** Present when the platform decided that sockets are passed to this enclave. */
        passagePath: option(string({ maxBytes: maxSocketPathBytes })),
        /** Why they are relayed, where this host could pass them and the enclave takes both. */
        relayedWhy: option(string({ maxBytes: 4096 })),
        mrEnclave: bytes({ exactBytes: 32 }),
        mrSigner: bytes({ exactBytes: 32 }),
        productId: uint16(),
        securityVersion: uint16(),
        debug: boolean(),
        isolation: array(layer, { maxItems: 32 }),
        /** The layers of each companion. */
        companions: option(
          array(record({ name: string({ maxBytes: 64 }), isolation: array(layer, { maxItems: 32 }) }), {
            maxItems: 16,
          }),
        ),
      }),
    ),
    terminate: func({ enclave: uint64() }),
    /**
     * Opens the launch of an SGX image. The host then connects to `gatePath` once for each thread (connection i is thread i), which
     * starts a process without any code of the enclave.
     */
    createSgx: func(
      {
        enclaveBytes: uint64(),
        threads: uint8(),
        stackBytes: uint32(),
        arenaBytes: uint32(),
        fastExit: boolean(),
        isolation: isolationMode,
      },
      record({ upload: uint32(), gatePath: string({ maxBytes: maxSocketPathBytes }) }),
    ),
    /** The next whole records of the SGXS stream. Answered when the process has taken them. At most `MAX_SGX_PIECES` wait for that. */
    addSgx: func({ upload: uint32(), chunk: bytes({ maxBytes: MAX_IMAGE_CHUNK_BYTES }) }),
    /** Verifies (EINIT), and lets the process run the enclave. */
    initializeSgx: func(
      {
        upload: uint32(),
        signature: bytes({ exactBytes: 1808 }),
        /** ATTRIBUTES and MISCSELECT of SECS. */
        flags: uint64(),
        xfrm: uint64(),
        miscSelect: uint32(),
        configId: option(bytes({ exactBytes: 64 })),
        configSvn: option(uint16()),
      },
      record({
        enclave: uint64(),
        mrEnclave: bytes({ exactBytes: 32 }),
        mrSigner: bytes({ exactBytes: 32 }),
        productId: uint16(),
        securityVersion: uint16(),
        debug: boolean(),
        isolation: array(layer, { maxItems: 32 }),
      }),
    ),
    /** TARGETINFO of the quoting enclave, and a quote of a report for it, which proves itself: as `quoteChannel` gives them. */
    quotingTarget: func({}, bytes({ exactBytes: 512 })),
    quote: func({ report: bytes({ exactBytes: 432 }) }, bytes({ maxBytes: 65_536 })),
  },
  untrusted: {
    exited: func({
      enclave: uint64(),
      exitCode: option(uint32()),
      signal: option(string({ maxBytes: 16 })),
      detail: string({ maxBytes: 8192 }),
    }),
  },
});
