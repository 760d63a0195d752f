import type { Duplex } from 'node:stream';
import { createCaller } from '@enclos/edl';
import type { Attester } from '../attester/attester.ts';
import { softwareCapabilities, type Capabilities } from '../capabilities.ts';
import { openChannel } from './channel.ts';
import { enclaveChannel } from './enclave-channel.ts';

export interface SoftwareAttester extends Attester {
  /** Resolves when the platform has answered; rejects when it cannot be reached. */
  readonly ready: Promise<void>;
  /** Settles when the platform is gone: the enclave must not outlive it. */
  readonly closed: Promise<unknown>;
}

/**
 * The inside of a platform channel: on the software platform, over the descriptor that the platform made at spawn.
 * @param capabilities of the platform at the other end. The platform refuses what it lacks, whatever this says.
 */
export function createSoftwareAttester(
  stream: Duplex,
  capabilities: Capabilities = softwareCapabilities,
): SoftwareAttester {
  const endpoint = openChannel({
    stream,
    initiator: true,
    protocol: enclaveChannel,
    serve: () => Promise.reject(new Error('The enclave serves no calls of the platform.')),
  });
  const platform = createCaller(enclaveChannel.trusted, (call) =>
    endpoint.invoke(0, call.index, call.payload, { maxResultBytes: call.maxResultBytes }),
  );
  return Object.freeze({
    capabilities,
    ready: endpoint.ready,
    closed: endpoint.closed,
    report: (targetInfo: Uint8Array, reportData: Uint8Array) => platform.report({ targetInfo, reportData }),
    key: (request: Uint8Array) => platform.key({ request }),
    async quote(reportData: Uint8Array) {
      const targetInfo = await platform.quotingTarget();
      return platform.quote({ report: await platform.report({ targetInfo, reportData }) });
    },
  });
}
