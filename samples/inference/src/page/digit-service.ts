import { appraise, parseCollateral, verifyQuote, type VerifiedEvidence } from '@enclos/attestation';
import {
  createInferenceClient,
  type AnswerReceipt,
  type InferenceClient,
  type ReportAppraiser,
} from '@enclos/inference-client';
import { floatsOf, tensorOf } from '@enclos/open-inference';
import { side } from './drawing/strokes.ts';
import type { PageTrust } from './trust.ts';

/** The answer to one drawing. */
export interface Reading {
  readonly digit: number;
  /** How likely each digit is, from 0 to 1: `scores` of the model by the softmax function. */
  readonly likely: readonly number[];
  /** Verified: over exactly this request and this answer, by the enclave of the evidence. */
  readonly receipt: AnswerReceipt;
}

/** The model of digits in a verified enclave. */
export class DigitService {
  readonly #client: InferenceClient;
  readonly #receipts: AnswerReceipt[] = [];
  #evidence: VerifiedEvidence | undefined;

  /** @param url the address where the sealed requests go; anything may stand there */
  constructor(url: URL, trust: PageTrust) {
    const keep = (evidence: VerifiedEvidence): void => {
      this.#evidence = evidence;
    };
    this.#client = createInferenceClient({
      url,
      appraise: appraiserOf(trust, keep),
      receipts: 'require',
      onReceipt: (receipt) => this.#receipts.push(receipt),
    });
  }

  /** @throws what is wrong with the evidence; then nothing was sent, and nothing will be */
  async attest(): Promise<VerifiedEvidence> {
    await this.#client.attest();
    if (this.#evidence === undefined) throw new Error('The client did not ask for evidence.');
    return this.#evidence;
  }

  /** @throws what the client refuses: an answer that was changed, or that has no receipt which holds */
  async read(pixels: Float32Array, signal: AbortSignal): Promise<Reading> {
    const inputs = [tensorOf('input', 'FP32', pixels, [1, 1, side, side])];
    const { outputs } = await this.#client.infer({ model: 'digits', inputs, signal });
    const [scores] = outputs;
    const receipt = this.#receipts.pop();
    if (scores === undefined || receipt === undefined) throw new Error('The answer has no scores.');
    const likely = softmax([...floatsOf(scores)]);
    return { digit: likely.indexOf(Math.max(...likely)), likely, receipt };
  }

  close(): void {
    this.#client.close();
  }
}

/** As `quoteReportAppraiser`, and keeps what the page shows of the evidence. */
function appraiserOf({ root, policy }: PageTrust, keep: (evidence: VerifiedEvidence) => void): ReportAppraiser {
  return async ({ evidence, endorsements = '', reportData }) => {
    const now = new Date();
    const verdict = await verifyQuote(evidence, parseCollateral(endorsements), { roots: [root], now });
    const accepted = appraise(verdict, policy, { reportData }, { now });
    keep(accepted);
    const measurement = accepted.tee === 'sgx' ? accepted.mrEnclave : accepted.mrTd;
    return { tee: accepted.tee, measurement, reportData: accepted.reportData };
  };
}

export function softmax(scores: readonly number[]): readonly number[] {
  const most = Math.max(...scores);
  const powers = scores.map((score) => Math.exp(score - most));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}
