import assert from 'node:assert/strict';
import { test } from 'node:test';
import { utf8 } from '@enclos/codec';
import { chunkedOhttpProfile } from '@enclos/hpke';
import { EnclosError } from '@enclos/errors';
import { requestLog } from '../src/metrics/request-log.ts';
import { ServiceMetrics } from '../src/metrics/service-metrics.ts';
import { SeriesBound } from '../src/metrics/series-bound.ts';
import type { ServedModel } from '../src/models/served-models.ts';
import { adder, jsonBody, speaker } from './scene.ts';
import {
  bhttpOf,
  headersOf,
  inferInside,
  openScene,
  sealed,
  wholeBodyOf,
  type SceneOptions,
  type SealedScene,
} from './sealed-scene.ts';

interface Watched {
  readonly metrics: ServiceMetrics;
  readonly lines: string[];
  readonly scene: SealedScene;
  /** The value of a series by its name and labels; undefined when it is not there. */
  readonly value: (series: string) => number | undefined;
  readonly text: () => string;
}

const requestId = 'ab'.repeat(16);

async function watched(
  served: readonly ServedModel[] = [adder, speaker],
  report: Required<SceneOptions>['report'] = async () => ({ status: 503 }),
): Promise<Watched> {
  const lines: string[] = [];
  let seconds = 0;
  const add = (level: string) => (line: () => string) => void lines.push(`${level} ${line()}`);
  const metrics = new ServiceMetrics({
    elapsed: () => (seconds += 0.002),
    log: requestLog({ warn: add('warn'), debug: add('debug') }),
  });
  const text = (): string => metrics.render({ models: [], keyAgeSeconds: 60, undatedShare: 0.25, sessions: 1 });
  const scene = await openScene({
    served,
    report,
    observer: metrics,
    attestAnswer: async ({ headers }, answer) => ({
      ...answer,
      headers: { ...answer.headers, 'enclos-request-id': headers.get('enclos-request-id') ?? requestId },
    }),
  });
  return {
    metrics,
    lines,
    scene,
    text,
    value: (series) => {
      const line = text()
        .split('\n')
        .find((one) => one.startsWith(`${series} `));
      return line === undefined ? undefined : Number(line.slice(series.length + 1));
    },
  };
}

const requests = (operation: string, model: string, outcome: string): string =>
  `enclos_inference_requests_total{operation="${operation}",model="${model}",outcome="${outcome}"}`;
const inferBody = jsonBody({ inputs: [{ name: 'in', shape: [1], datatype: 'FP32', data: [1] }] });

test('requests are counted by operation, model and outcome, and by how they came', async () => {
  const { scene, value, lines } = await watched();
  await scene.send({ path: '/v2/models/adder/infer', body: inferBody });
  await scene.send({ path: '/v2/models/adder/infer', body: utf8('{}') });
  await scene.send({ path: '/v2/models/absent/infer', body: inferBody });
  await scene.send({ method: 'GET', path: '/nothing' });
  await scene.config();
  const { body } = await sealed(scene, inferInside([1]), chunkedOhttpProfile);
  const answers = [1, 2].map(async () => scene.send({ headers: headersOf(chunkedOhttpProfile), body }));
  for (const answer of await Promise.all(answers)) await wholeBodyOf(answer);
  assert.deepEqual(
    [
      value(requests('infer', 'adder', 'ok')),
      value(requests('infer', 'adder', 'INFERENCE_MESSAGE_INVALID')),
      value(requests('infer', '', 'INFERENCE_NOT_FOUND')),
      value(requests('unknown', '', 'INFERENCE_NOT_FOUND')),
      value(requests('none', '', 'HPKE_REPLAYED')),
      value('enclos_inference_channel_requests_total{channel="ohttp-chunked",outcome="opened"}'),
      value('enclos_inference_replays_refused_total'),
      value('enclos_inference_requests_in_flight'),
      value('enclos_inference_request_duration_seconds_bucket{operation="infer",le="+Inf"}'),
      value('enclos_inference_key_age_seconds'),
    ],
    [2, 1, 1, 1, 1, 1, 1, 0, 4, 60],
  );
  assert.equal(
    lines[0],
    `debug {"request":"${requestId}","channel":"tls","operation":"infer","model":"adder","outcome":"ok","ms":2}`,
  );
});

test('a report that cannot be made leaves nothing in flight', async () => {
  const { scene, value } = await watched([adder], async () => Promise.reject(new Error('no quote')));
  await assert.rejects(scene.send({ method: 'GET', path: '/v1/attestation/report' }), /no quote/);
  assert.deepEqual(
    [value('enclos_inference_requests_in_flight'), value(requests('attestationReport', '', 'fault'))],
    [0, 1],
  );
});

test('a stream is in flight until its end, and until its client leaves', async () => {
  const { scene, value } = await watched();
  const chat = jsonBody({ model: 'speaker', messages: [{ role: 'user', content: 'a' }], stream: true, max_tokens: 3 });
  const flying = (): number | undefined => value('enclos_inference_requests_in_flight');
  const ended = await scene.send({ path: '/v1/chat/completions', body: chat });
  assert.equal(flying(), 1);
  await wholeBodyOf(ended);
  assert.deepEqual([flying(), value(requests('createChatCompletion', 'speaker', 'ok'))], [0, 1]);
  const leaving = new AbortController();
  await scene.send({ path: '/v1/chat/completions', body: chat }, leaving.signal);
  assert.equal(flying(), 1);
  leaving.abort();
  assert.deepEqual([flying(), value(requests('createChatCompletion', 'speaker', 'client-left'))], [0, 1]);
});

test('nothing of inputs, outputs, models, headers or identifiers is in metrics or log', async () => {
  const marker = 'zeichen4711';
  const failing: ServedModel = {
    ...adder,
    name: 'failing',
    run: async () => {
      throw new EnclosError('ENGINE_RUN_FAILED', `The engine said ${marker}.`);
    },
  };
  const faulty: ServedModel = {
    ...adder,
    name: 'faulty',
    run: async () => {
      throw new Error(marker);
    },
  };
  const { scene, text, lines } = await watched([adder, speaker, failing, faulty]);
  const headers = new Map([
    ['enclos-request-id', marker],
    ['x-marker', marker],
    [`x-${marker}`, 'value'],
    ['enclos-model-digest', marker],
  ]);
  const noted = new Map([['enclos-request-id', marker]]);
  const paths = [`/v2/models/${marker}/infer`, `/${marker}`, `/v1/models/${marker}`, '/v2/models/adder/infer'];
  const bodies = [
    inferBody,
    jsonBody({ inputs: [{ name: marker, shape: [1], datatype: 'BYTES', data: [marker] }] }),
    jsonBody({ model: marker, messages: [{ role: 'user', content: marker }] }),
    jsonBody({ [marker]: marker }),
    utf8(marker),
  ];
  for (const path of [...paths, '/v1/chat/completions', '/v2/models/failing/infer', '/v2/models/faulty/infer']) {
    for (const body of bodies) {
      for (const given of [headers, noted]) await scene.send({ path, body, headers: given });
      const { body: message } = await sealed(scene, bhttpOf(path, body, [...headers]));
      await scene.send({ headers: headersOf(chunkedOhttpProfile), body: message });
      await scene.send({ method: marker, path, body, headers: noted });
    }
  }
  assert.ok(lines.length > 50 && lines.some((line) => line.startsWith('warn')));
  assert.ok(!`${lines.join('\n')}${text()}`.includes(marker));
});

test('engines and runs are counted by model', async () => {
  const { metrics, value } = await watched();
  for (const running of [1, 2, 1, 2]) metrics.engines(running);
  const run = { model: 'adder', version: '1', queuedMs: 3, computeMs: 40, inputBytes: 4, batchRuns: 1 };
  metrics.ran(run);
  metrics.ran({ ...run, computeMs: 0, errorCode: 'ENGINE_BUSY' });
  metrics.loaded({ model: 'adder', version: '1', loadMs: 1, engine: 0 });
  assert.deepEqual(
    [
      value('enclos_inference_engines'),
      value('enclos_inference_engine_starts_total'),
      value('enclos_inference_runs_total{model="adder",outcome="ENGINE_BUSY"}'),
      value('enclos_inference_run_compute_seconds_count{model="adder"}'),
      value('enclos_inference_run_queue_seconds_bucket{model="adder",le="0.005"}'),
      value('enclos_inference_model_loads_total{model="adder",outcome="ok"}'),
    ],
    [2, 3, 1, 1, 2, 1],
  );
});

test('a thousand models do not make a thousand series', async () => {
  const bound = new SeriesBound(2);
  assert.deepEqual(
    ['a', 'b', 'c', 'a', 'd'].map((name) => bound.nameOf(name)),
    ['a', 'b', 'other', 'a', 'other'],
  );
  const { metrics, text } = await watched();
  for (let model = 0; model < 1000; model++) {
    metrics.ran({ model: `m${model}`, version: '1', queuedMs: 1, computeMs: 1, inputBytes: 0, batchRuns: 1 });
  }
  assert.ok(text().length < 262_144);
});

test('a thousand models, or versions of one, do not make a thousand series', () => {
  for (const nameOf of [(at: number) => `model-${at}`, () => 'model']) {
    const metrics = new ServiceMetrics({ elapsed: () => 0, log: () => undefined });
    const models = Array.from({ length: 1024 }, (_, at) => ({
      name: nameOf(at),
      version: `${at}`,
      queued: 1,
      engines: 2,
    }));
    const lines = metrics.render({ models, keyAgeSeconds: 0, undatedShare: 0, sessions: 0 }).split('\n');
    const queued = lines.filter((line) => line.startsWith('enclos_inference_queued_runs{'));
    assert.ok(queued.length <= 129, String(queued.length));
    const sum = queued.reduce((all, line) => all + Number(line.split(' ').at(-1)), 0);
    assert.equal(sum, 1024);
  }
});
