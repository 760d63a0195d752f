import type { VerifiedEvidence } from '@enclos/attestation';
import type { ProxyAddress } from '@enclos/atls/proxy';
import type { Io } from '@enclos/cli-frame';
import { isEnclosError } from '@enclos/errors';
import { createInferenceProxy } from '@enclos/inference-client/node';
import type { ReceiptClaims } from '@enclos/receipts';
import { openInferenceClient, type InferenceServer } from '../../inference/open-client.ts';
import { untilClosed } from './until-closed.ts';

export interface ForwardInferenceOptions {
  readonly server: InferenceServer;
  readonly listen: ProxyAddress;
  readonly allowOtherMachines: boolean;
  /** Names by which other machines call this one. */
  readonly hosts: readonly string[];
}

/** Learns what the proxy does. */
export interface InferenceView {
  /** @param server as the command line names it */
  listening(address: ProxyAddress, server: string): void;
  attested(evidence: VerifiedEvidence): void;
  /** A model answered, and its receipt holds. */
  answered(claims: ReceiptClaims): void;
  refused(error: unknown): void;
  ended(): void;
}

/**
 * Attests an inference service, and serves programs that know HTTP alone until a signal. A service that cannot be reached yet is attested
 * with the first request.
 *
 * @throws what `openInferenceClient` throws, ATLS_PROXY_ADDRESS, and what the evidence of the service is refused with
 */
export async function forwardInference(
  { server, listen, allowOtherMachines, hosts }: ForwardInferenceOptions,
  io: Pick<Io, 'onSignal' | 'now'>,
  view: InferenceView,
): Promise<void> {
  const { client, close } = await openInferenceClient(server, {
    now: io.now,
    onEvidence: (evidence) => view.attested(evidence),
    onReceipt: ({ claims }) => view.answered(claims),
  });
  try {
    await client.attest().catch((error: unknown) => {
      if (!isEnclosError(error) || error.kind !== 'transient') throw error;
      view.refused(error);
    });
    const proxy = createInferenceProxy({ client, url: server.url, hosts, onRefusal: (error) => view.refused(error) });
    const address = await proxy.listen(listen, { allowOtherMachines });
    const ending = untilClosed(proxy, io);
    view.listening(address, server.url);
    await ending;
  } finally {
    await close();
  }
  view.ended();
}
