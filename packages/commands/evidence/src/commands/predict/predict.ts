import { readSmallFile, requireFolderOf } from '@enclos/cli-frame/files';
import type { VerifiedEvidence } from '@enclos/attestation';
import { durable } from '@enclos/durable';
import { EnclosError } from '@enclos/errors';
import { contentOfAnswer, type AnswerReceipt } from '@enclos/inference-client';
import {
  headerLengthName,
  parseInferResponse,
  parsePredictResponse,
  predictFormOf,
  readHeaderLength,
  type Tensor,
} from '@enclos/open-inference';
import { openInferenceClient, type InferenceServer } from '../../inference/open-client.ts';
import { refusalOfService } from './refusal-of-service.ts';
import { requestFormOf } from './request-form.ts';

export interface PredictOptions {
  readonly server: InferenceServer;
  readonly model: string;
  readonly version: string | undefined;
  /** The file of the request. */
  readonly input: string;
  /** Where the body of the answer goes, exactly as it was received, and the receipt. */
  readonly out: string | undefined;
  readonly receipt: string | undefined;
  readonly now: () => Date;
}

export interface Prediction {
  readonly outputs: readonly Tensor[];
  /** The evidence of the enclave that answered. */
  readonly evidence: VerifiedEvidence;
  /** It was verified. */
  readonly receipt: AnswerReceipt;
}

const maximumRequestBytes = 268_435_456;

/**
 * Asks a model of a service that is attested first, and verifies the receipt of the answer.
 *
 * @throws CLI_FILE_UNREADABLE, CLI_FILE_INVALID, CLI_USAGE, what `openInferenceClient` and the functions of a client throw,
 * INFERENCE_CALL_REFUSED and INFERENCE_SERVICE_BUSY.
 */
export async function predict(options: PredictOptions): Promise<Prediction> {
  const { server, model, version, out, receipt: receiptFile } = options;
  for (const file of [out, receiptFile]) if (file !== undefined) await requireFolderOf(file);
  const body = await readSmallFile(options.input, maximumRequestBytes);
  const { protocol, headers } = requestFormOf(body);
  let evidence: VerifiedEvidence | undefined;
  let receipt: AnswerReceipt | undefined;
  const { client, close } = await openInferenceClient(server, {
    now: options.now,
    onEvidence: (accepted) => (evidence = accepted),
    onReceipt: (verified) => (receipt = verified),
  });
  try {
    const path = pathOf(protocol, model, version);
    const response = await client.fetch(new URL(`.${path}`, withSlash(server.url)), {
      method: 'POST',
      headers,
      body: new Uint8Array(body),
    });
    if (response.status !== 200) throw await refusalOfService(response);
    const content = await contentOfAnswer(response);
    // A client that requires receipts gives out nothing without one.
    if (evidence === undefined || receipt === undefined) throw new EnclosError('INFERENCE_RECEIPT_MISSING');
    if (out !== undefined) await durable.replace(out, content);
    if (receiptFile !== undefined) await durable.replace(receiptFile, receipt.bytes);
    return Object.freeze({ outputs: outputsOf(protocol, content, response.headers), evidence, receipt });
  } finally {
    await close();
  }
}

type Protocol = ReturnType<typeof requestFormOf>['protocol'];

function pathOf(protocol: Protocol, model: string, version: string | undefined): string {
  const versioned = version === undefined ? '' : `/versions/${encodeURIComponent(version)}`;
  const named = `models/${encodeURIComponent(model)}${versioned}`;
  return protocol === 'open-inference' ? `/v2/${named}/infer` : `/v1/${named}:predict`;
}

function withSlash(url: string): URL {
  const base = new URL(url);
  if (!base.pathname.endsWith('/')) base.pathname += '/';
  return base;
}

function outputsOf(protocol: Protocol, content: Uint8Array, headers: Headers): readonly Tensor[] {
  if (protocol === 'open-inference') {
    const headerLength = readHeaderLength(headers.get(headerLengthName));
    return parseInferResponse(content, { headerLength }).outputs;
  }
  return parsePredictResponse(content, predictFormOf(headers.get('content-type')));
}
