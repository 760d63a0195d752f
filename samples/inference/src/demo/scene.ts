import type { SgxPolicy, TrustedRoot } from '@enclos/attestation';
import { isEnclosError } from '@enclos/errors';
import {
  createInferenceClient,
  quoteReportAppraiser,
  type AnswerReceipt,
  type InferenceClient,
} from '@enclos/inference-client';
import type { Story } from '@enclos/sample-vault/story';
import type { HostBetween } from './host-between.ts';

/** What a client decides before it asks anything: from its own build and the machine's root, never from the service. */
export interface Trust {
  readonly root: TrustedRoot;
  readonly rootPem: string;
  readonly policy: SgxPolicy;
}

/** What every chapter needs. */
export interface Scene {
  readonly story: Story;
  readonly trust: Trust;
  readonly between: HostBetween;
  readonly client: InferenceClient;
  /** Those of all answers, in their order. */
  readonly receipts: readonly AnswerReceipt[];
}

/** The name in the certificate of the service, and the issuer of its receipts. */
export const serviceUrl = 'https://inference.test';

/** A client that sends nothing before it has verified the enclave, and takes no answer of a model without a receipt. */
export function attestingClient(
  { root, policy }: Pick<Trust, 'root' | 'policy'>,
  between: HostBetween,
  onReceipt: (receipt: AnswerReceipt) => void = () => undefined,
): InferenceClient {
  return createInferenceClient({
    url: serviceUrl,
    appraise: quoteReportAppraiser({ roots: [root], policy }),
    receipts: 'require',
    onReceipt,
    fetch: between.fetch,
  });
}

/** The code of what an attempt was refused with, or a text that it was not. */
export async function refusalOf(attempt: Promise<unknown>): Promise<string> {
  try {
    await attempt;
    return 'it was not refused';
  } catch (error) {
    if (!isEnclosError(error)) throw error;
    return error.code;
  }
}
