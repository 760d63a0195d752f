import { isEnclosError, type EnclosError } from '@enclos/errors';

/** How an error is answered, in the words of HTTP. What is wrong with the service itself is not told. */
export interface ErrorAnswer {
  readonly status: number;
  readonly message: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The error, where it is about the request; for OpenAI's shape, which names the member. */
  readonly refusal?: EnclosError | undefined;
  /** The operator has to hear of it. */
  readonly isFault: boolean;
}

const statuses: ReadonlyMap<string, number> = new Map([
  ['INFERENCE_MESSAGE_INVALID', 400],
  ['INFERENCE_TENSOR_INVALID', 400],
  ['INFERENCE_UNSUPPORTED', 400],
  ['INFERENCE_NOT_JSON', 400],
  ['INFERENCE_LIMIT_EXCEEDED', 413],
  ['INFERENCE_NOT_FOUND', 404],
  ['INFERENCE_FORBIDDEN', 403],
  ['INFERENCE_METHOD_REFUSED', 405],
  ['INFERENCE_MODEL_DIFFERS', 409],
  ['INFERENCE_MODEL_LOADING', 503],
  ['INFERENCE_MODEL_REFUSED', 422],
  ['MODEL_KEY_AWAITED', 503],
  ['MODEL_KEY_SERVICE_UNREACHABLE', 503],
  ['MODEL_KEY_ANSWER_INVALID', 503],
  ['MODEL_KEY_REFUSED', 403],
  ['MODEL_KEY_INVALID', 400],
  ['MODEL_NOT_OPENED', 422],
  ['MODEL_MISMATCH', 422],
  ['MODEL_ENCRYPTION_INVALID', 422],
  ['MODEL_NOT_ALLOWED', 404],
  ['SERVICE_STORE_UNAVAILABLE', 503],
  ['ENGINE_MODEL_UNKNOWN', 404],
  ['ENGINE_INPUT_REFUSED', 400],
  ['ENGINE_LIMIT_EXCEEDED', 413],
  ['ENGINE_RUN_FAILED', 422],
  ['ENGINE_BUSY', 429],
  ['ENGINE_DEADLINE', 504],
  ['ENGINE_CANCELLED', 503],
  ['ENGINE_LOST', 503],
  ['ENGINE_UNAVAILABLE', 503],
]);
/** They pass by themselves, and clients repeat what they asked. */
const retried = new Set([429, 503, 504]);

/** What a client is told of an error. No text of an engine's own is in it: that may quote a tensor. */
export function errorAnswerOf(error: unknown): ErrorAnswer {
  const status = isEnclosError(error) ? statuses.get(error.code) : undefined;
  if (!isEnclosError(error) || status === undefined) {
    return { status: 500, message: 'The service failed to answer.', headers: {}, isFault: true };
  }
  const headers = retried.has(status) ? { 'retry-after': String(retryAfterSeconds(error)) } : {};
  return { status, message: `${error.code}: ${error.message}`, headers, refusal: error, isFault: false };
}

function retryAfterSeconds({ details }: EnclosError): number {
  const { retryAfterMs } = details;
  return typeof retryAfterMs === 'number' ? Math.max(1, Math.ceil(retryAfterMs / 1000)) : 1;
}
