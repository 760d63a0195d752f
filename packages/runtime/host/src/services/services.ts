import { createDispatcher, systemInterface, type Dispatch, type Handlers } from '@enclos/edl';
import type { EnclaveManifest } from '@enclos/manifest';
import { createFileService, requireFolders, type HostFolders } from './files.ts';
import { openStreamService, type CallSignal, type StreamService, type StreamSettings } from './streams.ts';

/** What the host does for an enclave besides the application's functions: files and streams. */
export interface HostServices {
  /** Table 1 of the gate. */
  readonly dispatch: Dispatch<CallSignal>;
  readonly streams: Omit<StreamService, 'handlers' | 'close'>;
  /** Ends every stream, and removes the files of interrupted writes. */
  close(): Promise<void>;
}

/** @throws HOST_MOUNT_REFUSED, HOST_LISTEN_FAILED, STREAM_NOT_DECLARED, STREAM_TRANSPORT_UNAVAILABLE */
export async function openServices(
  manifest: EnclaveManifest,
  given: { readonly folders: HostFolders; readonly streams: StreamSettings },
): Promise<HostServices> {
  const files = createFileService(manifest, given.folders);
  await requireFolders(manifest, given.folders);
  const streams = await openStreamService(manifest, given.streams);
  const handlers: Handlers<(typeof systemInterface)['untrusted'], CallSignal> = {
    ...files.handlers,
    ...streams.handlers,
  };
  return Object.freeze({
    dispatch: createDispatcher(systemInterface.untrusted, handlers),
    streams,
    async close() {
      await streams.close();
      await files.close();
    },
  });
}
