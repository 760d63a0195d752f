import { utf8 } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import { encodeBhttpRequest } from '@enclos/hpke';
import { predictRequestBody } from '@enclos/open-inference';
import { requestInside } from '../src/channels/binary-http.ts';
import { adder, apiOf, embedder, modelsOf, numbers, speaker } from '../test/scene.ts';

const faults: unknown[] = [];
const api = apiOf(modelsOf(adder, speaker, embedder), faults, true);
const { signal } = new AbortController();
const maxBytes = 1_048_576;

const seed = (path: string, body: string | Uint8Array, contentType = 'application/json'): Uint8Array =>
  encodeBhttpRequest(
    {
      method: 'POST',
      scheme: 'https',
      authority: 'service.test',
      path,
      fields: [
        ['content-type', contentType],
        ['inference-header-content-length', '80'],
        ['enclos-model-digest', '11'.repeat(32)],
      ],
    },
    typeof body === 'string' ? utf8(body) : body,
  );
const chat = { model: 'speaker', messages: [{ role: 'user', content: 'a' }], max_tokens: 2 };

export const seeds: readonly Uint8Array[] = [
  seed('/v2/models/adder/infer', '{"inputs":[{"name":"in","shape":[2],"datatype":"FP32","data":[1,2]}]}'),
  seed(
    '/v2/models/adder/versions/1/infer',
    '{"inputs":[{"name":"in","shape":[1],"datatype":"FP32","data":[1]}],"id":"7"}    ',
  ),
  seed(
    '/v1/models/adder:predict',
    predictRequestBody({ inputs: [numbers(1)], outputFilter: [] }, 'protobuf'),
    'application/x-protobuf',
  ),
  seed('/score', '{"inputs":{"in":{"dims":["1"],"dataType":1,"floatData":[1]}}}'),
  seed('/v1/chat/completions', JSON.stringify(chat)),
  seed('/v1/chat/completions', JSON.stringify({ ...chat, stream: true, stream_options: { include_usage: true } })),
  seed('/v1/embeddings', '{"model":"embedder","input":[[1,2],[3]],"encoding_format":"base64"}'),
  seed('/v2/repository/index', '{"ready":true}'),
  seed('/v2/repository/models/adder/unload', '{"parameters":{"unload_dependents":true}}'),
];

/** What was sealed is opened: the API answers every message that is a request, and none is a fault of the service. */
export async function fuzz(data: Uint8Array): Promise<void> {
  let request;
  try {
    request = requestInside(data, { maxBytes, signal });
  } catch (error) {
    if (isEnclosError(error, 'OHTTP_MESSAGE_INVALID')) return;
    throw error;
  }
  const { status, body } = await api.answer(request);
  if (!(body instanceof Uint8Array)) {
    for await (const piece of body) if (piece.length === 0) throw new Error('An empty piece.');
  }
  const [fault] = faults.splice(0);
  if (fault !== undefined || status === 500) throw new Error('The service has a fault.', { cause: fault });
}
