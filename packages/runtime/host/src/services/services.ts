import {
  createDispatcher,
  func,
  maxArgumentBytes,
  string,
  systemInterface,
  type Dispatch,
  type Handlers,
} from '@enclos/edl';
import { EnclosError } from '@enclos/errors';
import type { EnclaveManifest } from '@enclos/manifest';
import { createFileService, requireFolders, type HostFolders } from './files.ts';
import { openStreamService, type CallSignal, type StreamService, type StreamSettings } from './streams.ts';

/** What the host does for programs besides: their code verifies evidence, as that of TypeScript enclaves does with what callers send along. */
const hostFunctions = {
  ...systemInterface.untrusted,
  /** The endorsements of the platform, JSON in the shape of QuoteCollateralV3. They are signed, and untrusted. */
  endorsements: func({}, string({ maxBytes: 262_144 })),
};

/** The most bytes that the arguments of each of them take. */
export const maxServiceArguments = maxArgumentBytes(hostFunctions);

/** What the host does for an enclave besides the application's functions: files, streams and endorsements. */
export interface HostServices {
  /** Table 1 of the gate. */
  readonly dispatch: Dispatch<CallSignal>;
  readonly streams: Omit<StreamService, 'handlers' | 'close'>;
  /** Ends every stream, and removes the files of interrupted writes. */
  close(): Promise<void>;
}

/**
 * @param given `endorsements` gives those of the platform, when it has any
 * @throws HOST_MOUNT_REFUSED, HOST_LISTEN_FAILED, STREAM_NOT_DECLARED, STREAM_TRANSPORT_UNAVAILABLE
 */
export async function openServices(
  manifest: EnclaveManifest,
  given: {
    readonly folders: HostFolders;
    readonly streams: StreamSettings;
    readonly endorsements?: (() => Promise<string>) | undefined;
  },
): Promise<HostServices> {
  const files = createFileService(manifest, given.folders);
  await requireFolders(manifest, given.folders);
  const streams = await openStreamService(manifest, given.streams);
  const handlers: Handlers<typeof hostFunctions, CallSignal> = {
    ...files.handlers,
    ...streams.handlers,
    endorsements() {
      if (given.endorsements === undefined) throw new EnclosError('TEE_CAPABILITY_MISSING');
      return given.endorsements();
    },
  };
  return Object.freeze({
    dispatch: createDispatcher(hostFunctions, handlers),
    streams,
    async close() {
      await streams.close();
      await files.close();
    },
  });
}
