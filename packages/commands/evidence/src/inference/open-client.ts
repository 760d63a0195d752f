import type { VerifiedEvidence } from '@enclos/attestation';
import { createInferenceClient, type AnswerReceipt, type InferenceClient } from '@enclos/inference-client';
import { createSealedCarrier, policyReportAppraiser } from '@enclos/inference-client/node';
import { nodeEngine } from '@enclos/hpke/node';
import { collateralOfServer, type CollateralChoice } from '../evidence/peer-collateral.ts';
import { readQuotePolicy } from '../policy/quote-policy.ts';

/** How a service is reached, and what is accepted of it. */
export interface InferenceServer {
  readonly url: string;
  readonly policyFile: string;
  readonly collateral: CollateralChoice;
  readonly transport: 'one-shot' | 'session';
  /** Digests by name, in hex; undefined for any model of the service. */
  readonly models: Readonly<Record<string, string>> | undefined;
}

export interface OpenInferenceOptions {
  readonly now: () => Date;
  readonly onEvidence: (evidence: VerifiedEvidence) => void;
  readonly onReceipt: (receipt: AnswerReceipt) => void;
}

export interface OpenInferenceClient {
  readonly client: InferenceClient;
  readonly close: () => void;
}

/**
 * A client whose answers of models all have receipts that hold.
 * @throws what `readQuotePolicy` throws
 */
export async function openInferenceClient(
  { url, policyFile, collateral, transport, models }: InferenceServer,
  { now, onEvidence, onReceipt }: OpenInferenceOptions,
): Promise<OpenInferenceClient> {
  const policy = await readQuotePolicy(policyFile, 'inference services have');
  const carrier = createSealedCarrier();
  const client = createInferenceClient({
    url,
    transport,
    appraise: policyReportAppraiser({
      policy,
      now,
      collateral: (presented) => collateralOfServer(presented, collateral),
      onEvidence,
    }),
    fetch: carrier.fetch,
    engine: nodeEngine(),
    receipts: 'require',
    onReceipt,
    ...(models === undefined ? {} : { models }),
  });
  return {
    client,
    close() {
      client.close();
      carrier.close();
    },
  };
}
