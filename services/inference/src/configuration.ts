import './errors.ts';
import {
  boolean,
  integer,
  JsonForm,
  meaning,
  oneOf,
  parseJson,
  string,
  strings,
  type JsonProblems,
} from '@enclos/codec/json';
import { EnclosError } from '@enclos/errors';
import { readReplicaRule, type ReplicaRule } from '@enclos/service/peers';
import type { OpenAiUse } from './models/openai-use.ts';

/** The measured file `service.json`: how models are used, beside `models.json`, which says what they are. */
export interface ServiceConfiguration {
  /** What receipts call the service, and its certificate too. */
  readonly name: string;
  /** The model of `/score`, whose bodies name none. */
  readonly scoreModel?: string | undefined;
  /** For OpenAI's API, by the name of the model. */
  readonly openAi: ReadonlyMap<string, OpenAiUse>;
  /** Whether any client may unload models and load them again. Default: no; a service that others use must not be emptied by one. */
  readonly clientsChangeModels: boolean;
  /** The Trustee key broker with keys of encrypted models. Its certificate has one of the roots. */
  readonly keyBroker?: KeyServiceAddress | undefined;
  /** The attestation service that releases keys of encrypted models. */
  readonly keyRelease?: KeyServiceAddress | undefined;
  /** The most bytes of a request with tensors. */
  readonly maxRequestBytes: number;
  /** The most bytes of JSON in one: it costs the service a hundred times what tensors in binary cost. */
  readonly maxJsonBytes: number;
  /** Which enclaves are replicas of this one. Without it there are none. */
  readonly replicas?: ReplicaConfiguration | undefined;
}

export interface ReplicaConfiguration {
  readonly rule: ReplicaRule;
  /** Whether they may be on a software platform, which protects nothing from the owner of its machine. Default: no. */
  readonly allowSoftware: boolean;
  /** Whether a replica gives others the keys that owners of models supplied to it. For replicas of one MRENCLAVE. Default: no. */
  readonly shareModelKeys: boolean;
}

/** A service that keeps keys of models. */
export interface KeyServiceAddress {
  /** Origin, https, with a DNS name. Where it is reached says the host. */
  readonly url: string;
  /** The roots of its certificate, PEM. An attestation service may have none: see `releasedKeys`. */
  readonly certificateAuthorities?: readonly string[] | undefined;
}

const maximumLength = 262_144;
const maximumAuthorities = 8;
const maximumUses = 64;
const name = string(128);
const tensorName = string(1024);
const dnsName = meaning('a DNS name', (text) =>
  /^(?=.{1,253}$)[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})*$/.test(text) ? text : undefined,
);

const httpsOrigin = meaning('an origin such as https://keys.example.com', (text) =>
  /^https:\/\/(?=.{1,253}(?::|$))[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})*(?::\d{1,5})?$/.test(text) ? text : undefined,
);

/** @throws INFERENCE_CONFIGURATION_INVALID with every problem that was found */
export function parseServiceConfiguration(text: string): ServiceConfiguration {
  const problems: JsonProblems = { texts: [] };
  const file = new JsonForm(parseJson(text, maximumLength), '', problems);
  const configuration = {
    name: file.optional('name', dnsName) ?? 'inference.test',
    scoreModel: file.optional('scoreModel', name),
    clientsChangeModels: file.optional('clientsChangeModels', boolean) ?? false,
    maxRequestBytes: file.optional('maxRequestBytes', integer(1024, 268_435_456)) ?? 33_554_432,
    maxJsonBytes: file.optional('maxJsonBytes', integer(1024, 268_435_456)) ?? 4_194_304,
    keyBroker: readKeyService(file, 'keyBroker'),
    keyRelease: readKeyService(file, 'keyRelease'),
    replicas: readReplicas(file.form('replicas')),
    openAi: new Map(file.forms('openAi', maximumUses).map((form) => readUse(form))),
  };
  file.end();
  if (problems.texts.length > 0) throw new EnclosError('INFERENCE_CONFIGURATION_INVALID', problems.texts.join(' '));
  return Object.freeze(configuration);
}

/**
 * Connections of clients at once. An enclave has 256 streams, relayed ones all together, and anyone may hold those of clients: with replicas the
 * others are for what these ask each other and pass on.
 */
export function clientConnections({ replicas }: Pick<ServiceConfiguration, 'replicas'>): number {
  return replicas === undefined ? 240 : 176;
}

function readKeyService(file: JsonForm, member: 'keyBroker' | 'keyRelease'): KeyServiceAddress | undefined {
  const form = file.form(member);
  if (form === undefined) return undefined;
  const url = form.required('url', httpsOrigin) ?? '';
  const certificateAuthorities = form.optional('certificateAuthorities', strings(maximumAuthorities, 16_384));
  // Anyone in between could use the token that a broker gives.
  const areNeeded = member === 'keyBroker' || certificateAuthorities !== undefined;
  const areThere = (certificateAuthorities ?? []).length > 0;
  if (areNeeded && !areThere) form.problem('certificateAuthorities', 'must name a root.');
  form.end();
  return Object.freeze({ url, certificateAuthorities });
}

function readReplicas(form: JsonForm | undefined): ReplicaConfiguration | undefined {
  if (form === undefined) return undefined;
  const rule = readReplicaRule(form);
  const allowSoftware = form.optional('allowSoftware', boolean) ?? false;
  const shareModelKeys = form.optional('shareModelKeys', boolean) ?? false;
  if (shareModelKeys && rule.by !== 'enclave') {
    form.problem(
      'shareModelKeys',
      'is for replicas by enclave: an owner accepts one image, and no other one of its signer.',
    );
  }
  form.end();
  return Object.freeze({ rule, allowSoftware, shareModelKeys });
}

function readUse(form: JsonForm): readonly [string, OpenAiUse] {
  const model = form.required('model', name) ?? '';
  const as = form.required('as', oneOf('chat', 'embeddings'));
  const text = (member: string): string => form.required(member, tensorName) ?? '';
  const count = (member: string, most: number): number => form.required(member, integer(1, most)) ?? 1;
  const use: OpenAiUse =
    as === 'embeddings'
      ? {
          as,
          input: text('input'),
          output: text('output'),
          accepts: form.required('accepts', oneOf('texts', 'tokens')) ?? 'texts',
          maxLength: count('maxLength', 1_048_576),
          maxInputs: count('maxInputs', 2048),
          dimensions: count('dimensions', 65_536),
        }
      : {
          as: 'chat',
          alphabet: form.required('alphabet', string(65_536)) ?? '',
          tokens: text('tokens'),
          state: text('state'),
          scores: text('scores'),
          nextState: text('nextState'),
          maxTokens: count('maxTokens', 65_536),
          maxPromptTokens: count('maxPromptTokens', 1_048_576),
        };
  form.end();
  return [model, Object.freeze(use)];
}
