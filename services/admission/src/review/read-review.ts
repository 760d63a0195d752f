import { isJsonObject, parseJsonBytes, type JsonObject, type JsonValue } from '@enclos/codec/json';
import { EnclosError, isEnclosError } from '@enclos/errors';
import { member } from '../pod/json.ts';

/** What a webhook is asked, as far as it matters here: AdmissionRequest of admission.k8s.io/v1. */
export interface ReviewRequest {
  /** Has to be given back. */
  readonly uid: string;
  /** For the log; undefined when it is not the name of a namespace. */
  readonly namespace: string | undefined;
  /** The pod that is about to be created; undefined when the request is about anything else. */
  readonly pod: JsonObject | undefined;
  /** Whether the review is one that the API server could have sent. */
  readonly isWellFormed: boolean;
}

/** Above what a pod comes to: its fields are 12 deep, and one of a megabyte has some 100,000 values. */
const bounds = { maxDepth: 100, maxValues: 250_000 };
/** The API server's are UUIDs. Anything printable goes back, and into the log, without harm. */
const uidPattern = /^[\x21-\x7e]{1,128}$/;
const namespacePattern = /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/;

/** @throws ADMISSION_REVIEW_UNREADABLE when there is no uid to answer. */
export function readReview(body: Uint8Array): ReviewRequest {
  const review = parse(body);
  const request = isJsonObject(review) ? member(review, 'request') : undefined;
  if (!isJsonObject(review) || !isJsonObject(request)) return refuse('The body has no request.');
  const uid = member(request, 'uid');
  if (typeof uid !== 'string' || !uidPattern.test(uid)) return refuse('The request has no uid.');
  const namespace = member(request, 'namespace');
  const object = member(request, 'object');
  const isOfPod = isCreationOfPod(request);
  return {
    uid,
    namespace: typeof namespace === 'string' && namespacePattern.test(namespace) ? namespace : undefined,
    pod: isOfPod && isJsonObject(object) ? object : undefined,
    isWellFormed:
      member(review, 'apiVersion') === 'admission.k8s.io/v1' &&
      member(review, 'kind') === 'AdmissionReview' &&
      (!isOfPod || isJsonObject(object)),
  };
}

function isCreationOfPod(request: JsonObject): boolean {
  const resource = member(request, 'resource');
  return (
    member(request, 'operation') === 'CREATE' &&
    (member(request, 'subResource') ?? '') === '' &&
    isJsonObject(resource) &&
    (member(resource, 'group') ?? '') === '' &&
    member(resource, 'version') === 'v1' &&
    member(resource, 'resource') === 'pods'
  );
}

function parse(body: Uint8Array): JsonValue {
  try {
    return parseJsonBytes(body, body.length, bounds);
  } catch (error) {
    if (!isEnclosError(error)) throw error;
    const isTooMuch = error.code === 'CODEC_OUT_OF_RANGE';
    return refuse(
      isTooMuch ? 'The body is nested too deeply, or has too many values.' : 'The body is not strict JSON.',
    );
  }
}

function refuse(message: string): never {
  throw new EnclosError('ADMISSION_REVIEW_UNREADABLE', message);
}
