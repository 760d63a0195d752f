import { createHistogram, createValue, createView, type Family, type Labels } from '@enclos/host/exposition';
import type { EngineObserver, LoadReport, RunReport } from '@enclos/inference-engine';
import type { FinishedRequest, RequestObserver } from './request-observer.ts';
import { SeriesBound } from './series-bound.ts';

/** What is looked up when metrics are read. */
export interface ServiceState {
  readonly models: readonly {
    readonly name: string;
    readonly version: string;
    readonly queued: number;
    readonly engines: number;
  }[];
  readonly keyAgeSeconds: number;
  /** How full the memory of requests without a date is, from 0 to 1. */
  readonly undatedShare: number;
  readonly sessions: number;
  /** Other replicas that this one knows, where the configuration names some. */
  readonly replicas?: number | undefined;
}

export interface ServiceMetricsOptions {
  /** Seconds since any point; never goes back. */
  readonly elapsed: () => number;
  /** Hears of each request, with how long it took. */
  readonly log: (request: FinishedRequest, seconds: number) => void;
}

const requestBounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
/** So many models have their own series. The others share one: a manifest may have a thousand. */
const namedModels = 32;
/** Models, each with its version, in what is looked up when metrics are read. */
const listedModels = 128;
/** Series of a metric by operation, model and outcome. */
const requestSeries = 2048;

const ok = 'ok';

/**
 * Counts what the service does, by names and codes from closed sets: nothing of a request, an answer or a key is in it, so the host
 * may read it. In the text format of Prometheus.
 */
export class ServiceMetrics implements RequestObserver, EngineObserver {
  readonly #options: ServiceMetricsOptions;
  readonly #models = new SeriesBound(namedModels);
  readonly #combinations = new SeriesBound(requestSeries);
  readonly #requests = createValue('counter', {
    name: 'enclos_inference_requests_total',
    help: 'Requests that were answered, by operation, model and outcome.',
  });
  readonly #durations = createHistogram(requestBounds, {
    name: 'enclos_inference_request_duration_seconds',
    help: 'From a request that is whole to the end of its answer, by operation.',
  });
  readonly #arrivals = createValue('counter', {
    name: 'enclos_inference_channel_requests_total',
    help: 'Requests by channel. The outcome is opened, or the code with which the request was refused.',
  });
  readonly #replays = createValue('counter', {
    name: 'enclos_inference_replays_refused_total',
    help: 'Sealed requests that were there before.',
  });
  readonly #inFlight = createValue('gauge', {
    name: 'enclos_inference_requests_in_flight',
    help: 'Requests without the end of their answer.',
  });
  readonly #runs = createValue('counter', {
    name: 'enclos_inference_runs_total',
    help: 'Runs of models, by model and outcome.',
  });
  readonly #waits = createHistogram(requestBounds, {
    name: 'enclos_inference_run_queue_seconds',
    help: 'How long runs waited for an engine.',
  });
  readonly #computes = createHistogram(requestBounds, {
    name: 'enclos_inference_run_compute_seconds',
    help: 'How long runs were with an engine.',
  });
  readonly #loads = createValue('counter', {
    name: 'enclos_inference_model_loads_total',
    help: 'Loads of models into engines, by model and outcome.',
  });
  readonly #engines = createValue('gauge', { name: 'enclos_inference_engines', help: 'Engines that run.' });
  readonly #starts = createValue('counter', {
    name: 'enclos_inference_engine_starts_total',
    help: 'Engines that started: beyond the first ones, after the death of another.',
  });
  readonly #addInFlight = this.#inFlight.series({});
  readonly #addReplays = this.#replays.series({});
  readonly #addEngines = this.#engines.series({});
  readonly #addStarts = this.#starts.series({});
  readonly #counts = new Map<string, (seconds: number) => void>();
  readonly #runSeries = new Map<string, ModelSeries>();
  #running = 0;

  constructor(options: ServiceMetricsOptions) {
    this.#options = options;
  }

  began(): (request: FinishedRequest) => void {
    const { elapsed } = this.#options;
    const startedAt = elapsed();
    let isOver = false;
    this.#addInFlight(1);
    return (request) => {
      if (isOver) return;
      isOver = true;
      this.#addInFlight(-1);
      this.#finished(request, elapsed() - startedAt);
    };
  }

  ran({ model, errorCode, queuedMs, computeMs }: RunReport): void {
    const { wait, compute, add } = this.#runsOf(model);
    add(errorCode ?? ok);
    wait(queuedMs / 1000);
    if (computeMs > 0) compute(computeMs / 1000);
  }

  engines(running: number): void {
    const change = running - this.#running;
    this.#running = running;
    this.#addEngines(change);
    if (change > 0) this.#addStarts(change);
  }

  loaded({ model, errorCode }: LoadReport): void {
    this.#loads.add({ model: this.#models.nameOf(model), outcome: errorCode ?? ok });
  }

  /** @returns all of it, with what is so now */
  render({ models, keyAgeSeconds, undatedShare, sessions, replicas }: ServiceState): string {
    const loaded = this.#summed(models);
    const queued = loaded.map(({ name, version, queued: runs }) => [{ model: name, version }, runs] as const);
    const holders = loaded.map(({ name, version, engines }) => [{ model: name, version }, engines] as const);
    const families: readonly Family[] = [
      this.#requests,
      this.#durations,
      this.#arrivals,
      this.#replays,
      this.#inFlight,
      this.#runs,
      this.#waits,
      this.#computes,
      this.#loads,
      this.#engines,
      this.#starts,
      gauge('enclos_inference_queued_runs', 'Runs that wait for an engine, by model.', queued),
      gauge('enclos_inference_model_engines', 'Engines that hold a model.', holders),
      gauge('enclos_inference_key_age_seconds', 'Age of the newest keys that requests are sealed to.', [
        [{}, keyAgeSeconds],
      ]),
      gauge('enclos_inference_undated_memory_ratio', 'How full the memory of sealed requests without a date is.', [
        [{}, undatedShare],
      ]),
      gauge('enclos_inference_sessions', 'Sessions that are open.', [[{}, sessions]]),
      gauge(
        'enclos_inference_replicas',
        'Other replicas that this one knows.',
        replicas === undefined ? [] : [[{}, replicas]],
      ),
    ];
    return families.map((family) => family.render()).join('');
  }

  /** Models without their own series share one here too, and a model may have many versions. */
  #summed(models: ServiceState['models']): ServiceState['models'] {
    const { other } = SeriesBound;
    const rest = { name: other, version: other, queued: 0, engines: 0 };
    let count = 0;
    const named = models.filter(({ name, queued, engines }) => {
      if (this.#models.nameOf(name) !== other && ++count <= listedModels) return true;
      rest.queued += queued;
      rest.engines += engines;
      return false;
    });
    return named.length === models.length ? named : [...named, rest];
  }

  #finished(request: FinishedRequest, seconds: number): void {
    const { channel, operation, outcome } = request;
    const model = this.#models.nameOf(request.model ?? '');
    const key = `${channel} ${operation} ${model} ${outcome}`;
    let count = this.#counts.get(key);
    if (count === undefined) {
      count = this.#countOf(channel, { operation, model, outcome });
      // There is always room for those that come often, since they come early.
      if (this.#counts.size < requestSeries) this.#counts.set(key, count);
    }
    count(seconds);
    this.#options.log(request, seconds);
  }

  /** Looks the series up once: what finds them costs more than what adds to them. */
  #countOf(channel: string, labels: RequestLabels): (seconds: number) => void {
    const { operation, model, outcome } = labels;
    const isOpen = operation !== 'none';
    const addArrival = this.#arrivals.series({ channel, outcome: isOpen ? 'opened' : outcome });
    const name = this.#combinations.nameOf(`${operation} ${model} ${outcome}`);
    const { other } = SeriesBound;
    const addRequest = this.#requests.series(name === other ? { operation, model: other, outcome: other } : labels);
    const observe = this.#durations.series({ operation });
    const isReplay = outcome === 'HPKE_REPLAYED';
    return (seconds) => {
      addArrival(1);
      addRequest(1);
      observe(seconds);
      if (isReplay) this.#addReplays(1);
    };
  }

  #runsOf(model: string): ModelSeries {
    const name = this.#models.nameOf(model);
    const found = this.#runSeries.get(name);
    if (found !== undefined) return found;
    const labels = { model: name };
    const outcomes = new Map<string, (amount: number) => void>();
    const made: ModelSeries = {
      wait: this.#waits.series(labels),
      compute: this.#computes.series(labels),
      add: (outcome) => {
        const add = outcomes.get(outcome) ?? this.#runs.series({ ...labels, outcome });
        outcomes.set(outcome, add);
        add(1);
      },
    };
    this.#runSeries.set(name, made);
    return made;
  }
}

type RequestLabels = Readonly<Record<'operation' | 'model' | 'outcome', string>>;

/** The series of the runs of a model. */
interface ModelSeries {
  readonly wait: (seconds: number) => void;
  readonly compute: (seconds: number) => void;
  readonly add: (outcome: string) => void;
}

function gauge(name: string, help: string, values: readonly (readonly [Labels, number])[]): Family {
  return createView({ name, help }, () => values);
}
