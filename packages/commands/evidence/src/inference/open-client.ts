import type { VerifiedEvidence } from '@enclos/attestation';
import { policyAppraiser, type PolicyAppraiserOptions, type PresentedEvidence } from '@enclos/atls';
import {
  createInferenceClient,
  type AnswerReceipt,
  type InferenceClient,
  type OuterFetch,
} from '@enclos/inference-client';
import { createAttestedCarrier, createSealedCarrier, policyReportAppraiser } from '@enclos/inference-client/node';
import { nodeEngine } from '@enclos/hpke/node';
import { collateralOfServer, type CollateralChoice } from '../evidence/peer-collateral.ts';
import { readQuotePolicy } from '../policy/quote-policy.ts';

/** How a service is reached, and what is accepted of it. */
export interface InferenceServer {
  readonly url: string;
  readonly policyFile: string;
  readonly collateral: CollateralChoice;
  readonly transport: 'one-shot' | 'session' | 'attested-tls';
  /** Digests by name, in hex; undefined for any model of the service. */
  readonly models: Readonly<Record<string, string>> | undefined;
  /** The oldest catalogue that is accepted; undefined for any, and for none. */
  readonly minimumCatalogueVersion: number | undefined;
}

export interface OpenInferenceOptions {
  readonly now: () => Date;
  readonly onEvidence: (evidence: VerifiedEvidence) => void;
  readonly onReceipt: (receipt: AnswerReceipt) => void;
}

export interface OpenInferenceClient {
  readonly client: InferenceClient;
  readonly close: () => Promise<void>;
}

/**
 * A client whose answers of models all have receipts that hold.
 * @throws what `readQuotePolicy` throws
 */
export async function openInferenceClient(
  { url, policyFile, collateral, transport, models, minimumCatalogueVersion }: InferenceServer,
  { now, onEvidence, onReceipt }: OpenInferenceOptions,
): Promise<OpenInferenceClient> {
  const policy = await readQuotePolicy(policyFile, 'inference services have');
  const acceptance = {
    policy,
    now,
    collateral: (presented: PresentedEvidence) => collateralOfServer(presented, collateral),
  };
  const { fetch, close } = transport === 'attested-tls' ? attestedCarrier(acceptance) : sealedCarrier();
  const client = createInferenceClient({
    url,
    transport,
    appraise: policyReportAppraiser({ ...acceptance, onEvidence }),
    fetch,
    engine: nodeEngine(),
    receipts: 'require',
    onReceipt,
    ...(models === undefined ? {} : { models }),
    ...(minimumCatalogueVersion === undefined ? {} : { minimumCatalogueVersion }),
  });
  return {
    client,
    async close() {
      client.close();
      await close();
    },
  };
}

interface Carrier {
  readonly fetch: OuterFetch;
  readonly close: () => Promise<void>;
}

function attestedCarrier(acceptance: PolicyAppraiserOptions): Carrier {
  const carrier = createAttestedCarrier({ appraise: policyAppraiser(acceptance) });
  return { fetch: carrier.fetch, close: async () => carrier.close() };
}

function sealedCarrier(): Carrier {
  const carrier = createSealedCarrier();
  return { fetch: carrier.fetch, close: async () => carrier.close() };
}
