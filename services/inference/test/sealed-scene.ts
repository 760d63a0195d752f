import { utf8 } from '@enclos/codec';
import {
  KeySet,
  ReplayWindow,
  aeadIds,
  decodeBhttpResponse,
  encodeBhttpRequest,
  kdfIds,
  kemIds,
  ohttpProfile,
  parseKeyConfigList,
  sealOhttpRequest,
  type BhttpField,
  type KeyConfig,
  type OhttpProfile,
  type ReplayWindowOptions,
} from '@enclos/hpke';
import { nodeEngine } from '@enclos/hpke/node';
import type { HttpRequest, HttpResponse } from '@enclos/http';
import { createHandler, type HandlerOptions, type ServiceHandler } from '../src/channels/handler.ts';
import type { ServedModel } from '../src/models/served-models.ts';
import { adder, apiOf, modelsOf, speaker } from './scene.ts';

export const engine = nodeEngine();
export const maxBytes = 1_048_576;

/** A service without a connection, whose clock a test moves. */
export interface SealedScene extends ServiceHandler {
  readonly keys: KeySet;
  config(): Promise<KeyConfig>;
  nowMs: number;
  send(request: Partial<HttpRequest>, signal?: AbortSignal): Promise<HttpResponse>;
  readonly faults: unknown[];
}

export type SceneOptions = Partial<
  Pick<HandlerOptions, 'attestAnswer' | 'sessions' | 'keysRenewed' | 'observer' | 'report'>
> & {
  readonly replay?: ReplayWindowOptions;
  readonly served?: readonly ServedModel[];
};

export async function openScene({
  replay = {},
  served = [adder, speaker],
  attestAnswer = async (_, answer) => answer,
  sessions,
  keysRenewed,
  observer,
  report = async () => ({ status: 503 }),
}: SceneOptions = {}): Promise<SealedScene> {
  const suites = [{ kdf: kdfIds.hkdfSha256, aead: aeadIds.aes256Gcm }];
  const keys = new KeySet(engine, { kems: [{ kem: kemIds.x25519, suites }] });
  const faults: unknown[] = [];
  const window = new ReplayWindow(replay);
  const scene = { nowMs: 1_700_000_000_000 };
  await keys.refresh(scene.nowMs);
  const service = createHandler({
    api: apiOf(modelsOf(...served), faults),
    context: { engine, keys, window, nowMs: () => scene.nowMs, maxBytes },
    attestAnswer,
    sessions,
    report,
    keysRenewed,
    observer,
    onFault: (error) => faults.push(error),
  });
  const send: SealedScene['send'] = async (request, signal = new AbortController().signal) =>
    service.handler(
      {
        method: 'POST',
        path: '/ohttp',
        headers: new Map(),
        body: new Uint8Array(),
        query: new URLSearchParams(),
        search: '',
        remoteAddress: '',
        clientCertificate: undefined,
        clientCertificateChain: [],
        ...request,
      },
      { signal },
    );
  return Object.assign(scene, {
    ...service,
    keys,
    faults,
    send,
    async config() {
      const { body } = await send({ method: 'GET', path: '/ohttp-keys' });
      const [first] = parseKeyConfigList(await wholeBodyOf({ status: 200, body }));
      if (first === undefined) throw new Error('The service publishes no key.');
      return first;
    },
  });
}

export async function wholeBodyOf({ body = '' }: HttpResponse): Promise<Uint8Array> {
  if (typeof body === 'string') return utf8(body);
  if (body instanceof Uint8Array) return body;
  const pieces: Uint8Array[] = [];
  for await (const piece of body) pieces.push(typeof piece === 'string' ? utf8(piece) : piece);
  return Buffer.concat(pieces);
}

export function inferInside(values: readonly number[], fields: readonly BhttpField[] = []): Uint8Array {
  const body = utf8(
    JSON.stringify({ inputs: [{ name: 'in', shape: [values.length], datatype: 'FP32', data: values }] }),
  );
  return bhttpOf('/v2/models/adder/infer', body, fields);
}

export function bhttpOf(path: string, body: Uint8Array, fields: readonly BhttpField[] = []): Uint8Array {
  return encodeBhttpRequest({ method: 'POST', scheme: 'https', authority: 'service.test', path, fields }, body);
}

export interface InnerAnswer {
  readonly status: number;
  readonly fields: ReadonlyMap<string, string>;
  readonly text: string;
}

export function answerOf(bytes: Uint8Array): InnerAnswer {
  const { head, content } = decodeBhttpResponse(bytes, { maxContentBytes: maxBytes });
  return { status: head.status, fields: new Map(head.fields), text: Buffer.from(content).toString('utf8') };
}

export const isoDate = (ms: number): string => new Date(ms).toUTCString();

/** The numbers of the first output of an inference answer in JSON. */
export function outputDataOf(json: string): readonly number[] {
  const { outputs } = JSON.parse(json) as { readonly outputs: readonly { readonly data: readonly number[] }[] };
  return outputs[0]?.data ?? [];
}

/** A request as a client of a profile sends it, and what opens its answer. */
export async function sealed(
  scene: SealedScene,
  message: Uint8Array,
  profile: OhttpProfile = ohttpProfile,
): Promise<{ readonly body: Uint8Array; readonly open: (answer: HttpResponse) => Promise<InnerAnswer> }> {
  const { message: body, openResponse } = await sealOhttpRequest(
    engine,
    { profile, config: await scene.config() },
    message,
  );
  return { body, open: async (answer) => answerOf(await openResponse(await wholeBodyOf(answer), { maxBytes })) };
}

export const headersOf = (profile: OhttpProfile): ReadonlyMap<string, string> =>
  new Map([['content-type', profile.requestType]]);
