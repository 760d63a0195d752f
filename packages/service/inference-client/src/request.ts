import { toHex } from '@enclos/codec';
import { encodeBhttpRequest, type BhttpField } from '@enclos/hpke';
import { modelOfRequest } from '@enclos/open-inference';
import { isEnclosError } from '@enclos/errors';
import { readBody } from './outer-http.ts';
import { misused } from './refusal.ts';

/** Names of fields inside the seal. */
export const fieldNames = Object.freeze({
  date: 'date',
  requestId: 'enclos-request-id',
  modelDigest: 'enclos-model-digest',
  receipt: 'enclos-receipt',
} as const);

/** What kind of receipt a program wants. */
const receiptFormField = 'enclos-receipt-format';

/** A request as the program of the client makes it. */
export interface ProgramRequest {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly fields: readonly BhttpField[];
  readonly body: Uint8Array;
}

/** What a request is, before it is sealed. */
export interface InnerRequest extends ProgramRequest {
  readonly authority: string;
  readonly requestId: string;
  /** In hex, of the model that the client expects to answer. */
  readonly modelDigest: string | undefined;
  /** Whether a model is to answer, so that there is something to write a receipt of. */
  readonly isForModel: boolean;
}

/** These belong to one hop (RFC 9110, section 7.6.1), or say how long a body is there. */
const hopFields: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);
const ownFields: ReadonlySet<string> = new Set(Object.values(fieldNames));

/** Fields that go from one end to the other. */
export function endToEndFields(headers: Headers): readonly BhttpField[] {
  return [...headers].filter(([name]) => !hopFields.has(name));
}

/** Digests of models by name, in hex. */
export type ExpectedModels = Readonly<Record<string, string>>;

/** What is posted there is for no model. */
const pathsWithoutModel = ['/v2/repository/', '/v1/model-keys/'] as const;

export interface InnerRequestOptions {
  readonly authority: string;
  readonly randomBytes: (length: number) => Uint8Array;
  readonly models: ExpectedModels | undefined;
  /** Whether to ask that no receipt is written. */
  readonly withoutReceipt: boolean;
}

/**
 * Takes a request of `fetch` whole: its receipt is over all of its bytes, and it may have to be sealed again.
 *
 * @throws INFERENCE_CLIENT_MISUSED for a body beyond the bound
 */
export async function programRequestOf(
  request: Request,
  { path, maxBytes }: { readonly path: string; readonly maxBytes: number },
): Promise<ProgramRequest> {
  const fields = endToEndFields(request.headers).filter(([name]) => !ownFields.has(name));
  return { method: request.method, path, fields, body: await wholeBodyOf(request, maxBytes) };
}

/** @throws INFERENCE_CLIENT_MISUSED for a model that is not among the expected ones */
export function innerRequestOf(
  { method, path, fields, body }: ProgramRequest,
  { authority, randomBytes, models, withoutReceipt }: InnerRequestOptions,
): InnerRequest {
  const isForModel = method === 'POST' && !pathsWithoutModel.some((start) => path.startsWith(start));
  return Object.freeze<InnerRequest>({
    method,
    authority,
    path,
    fields: withoutReceipt
      ? [...fields.filter(([name]) => name !== receiptFormField), [receiptFormField, 'none']]
      : fields,
    body,
    requestId: toHex(randomBytes(16)),
    modelDigest: isForModel && models !== undefined ? expectedDigest(models, path, body) : undefined,
    isForModel,
  });
}

async function wholeBodyOf({ body }: Request, maxBytes: number): Promise<Uint8Array> {
  try {
    return await readBody(body, maxBytes);
  } catch (error) {
    if (!isEnclosError(error, 'INFERENCE_ANSWER_REFUSED')) throw error;
    return misused(`The body of the request has more than ${maxBytes} bytes.`);
  }
}

const modelInPath = /^\/v[12]\/models\/(?<name>[^/:?]+)/;

function expectedDigest(models: ExpectedModels, path: string, body: Uint8Array): string {
  const inPath = modelInPath.exec(path)?.groups?.['name'];
  const name = inPath === undefined ? modelOfRequest(body) : decodeURIComponent(inPath);
  if (!Object.hasOwn(models, name)) misused('The request is for a model that is not among the expected ones.');
  return models[name] ?? '';
}

/** The fields that name a request, and the model that it expects. */
export function namesOf({ requestId, modelDigest }: InnerRequest): readonly BhttpField[] {
  return [
    [fieldNames.requestId, requestId],
    ...(modelDigest === undefined ? [] : [[fieldNames.modelDigest, modelDigest] as const]),
  ];
}

/** A message in binary HTTP, with the time and the names of request and model inside, in one of few lengths. */
export function messageOf(request: InnerRequest, nowMs: number): Uint8Array {
  const { method, authority, path, body } = request;
  const fields: readonly BhttpField[] = [
    ...request.fields,
    [fieldNames.date, new Date(nowMs).toUTCString()],
    ...namesOf(request),
  ];
  const headBytes = fields.reduce((sum, [name, value]) => sum + name.length + value.length + 8, path.length + 128);
  return encodeBhttpRequest({ method, scheme: 'https', authority, path, fields }, body, {
    padTo: paddedLength(headBytes + body.length),
  });
}

const smallestBytes = 512;
const largestStepBytes = 65_536;

/** A power of two from 512 on, and above 64 KiB a multiple of that. */
function paddedLength(sizeBytes: number): number {
  let length = smallestBytes;
  while (length < sizeBytes && length < largestStepBytes) length *= 2;
  return Math.ceil(sizeBytes / length) * length;
}
