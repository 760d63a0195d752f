import type { IncomingMessage, ServerResponse } from 'node:http';
import { createConnectionMetrics } from './connection-metrics.ts';
import { createHistogram, createValue, createView, expositionContentType } from './exposition.ts';
import type { HostEvent, Instrumentation, Observation, Operation, OperationEnd } from './instrumentation.ts';

export interface MetricsOptions {
  /** Upper bounds of the duration histograms, in seconds, ascending. */
  readonly durationBuckets?: readonly number[];
  /** In milliseconds, of any origin. */
  readonly nowMs?: () => number;
}

/** Counts what the enclaves do that have it as `instrumentation`. */
export interface Metrics extends Instrumentation {
  /** The text exposition format of Prometheus, version 0.0.4. */
  render(): string;
  /** Answers GET and HEAD, whatever the path: for `http.createServer`, or a route of any framework on it. */
  readonly handler: (request: IncomingMessage, response: ServerResponse) => void;
}

const defaultBuckets = [
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
];

/**
 * The number of names and images that get their own series; all others are counted as `other`. Functions are those of the
 * interfaces, codes those of the registry.
 */
const maxNames = 256;

/**
 * Metrics of enclaves, for Prometheus. One can serve all enclaves of a process:
 * their series have the enclave's name as a label.
 * @example
 * ```ts
 * import { createServer } from 'node:http';
 * import { createMetrics } from '@enclos/host';
 *
 * // Give it to `loadEnclave({ instrumentation: metrics })`.
 * export const metrics = createMetrics();
 *
 * createServer(metrics.handler).listen(9090, '127.0.0.1');
 * ```
 */
export function createMetrics(options: MetricsOptions = {}): Metrics {
  const { durationBuckets = defaultBuckets, nowMs = () => performance.now() } = options;
  const families = createFamilies(durationBuckets);
  const nameOf = createNames();
  const mrEnclaveOf = createNames();
  const connections = createConnectionMetrics({ nowMs, enclaveNames: nameOf, streamNames: createNames() });
  const all = [...families.all, ...connections.families];
  const render = (): string => all.map((family) => family.render()).join('');
  return Object.freeze<Metrics>({
    begin(operation) {
      const { kind } = operation;
      const enclave = nameOf(operation.enclave);
      return kind === 'trusted' || kind === 'untrusted'
        ? observeCall({ families, enclave, operation, kind, nowMs })
        : observeLoad({ families, enclave, kind, nowMs });
    },
    event(event) {
      const labels = { enclave: nameOf(event.enclave), mrenclave: mrEnclaveOf(event.mrEnclave ?? 'unknown') };
      countEvent(families, event, labels);
    },
    connection: connections.connection,
    backlog: connections.backlog,
    render,
    handler: (request, response) => answer(request, response, render),
  });
}

/** Bounds the values of a label. */
function createNames(): (name: string) => string {
  const known = new Set<string>();
  return (name) => {
    if (!known.has(name)) {
      if (known.size >= maxNames) return 'other';
      known.add(name);
    }
    return name;
  };
}

type Families = ReturnType<typeof createFamilies>;

function createFamilies(buckets: readonly number[]) {
  const state = { inFlight: createTally(), outermost: createTally(), threads: createTally() };
  const counter = (name: string, help: string) => createValue('counter', { name, help });
  const duration = (name: string, help: string) => createHistogram(buckets, { name, help });
  const families = {
    trusted: counter('enclos_calls_total', 'Calls of trusted functions that ended, by function and result code.'),
    untrusted: counter(
      'enclos_host_calls_total',
      'Calls of the host by the enclave that ended, by function and result code.',
    ),
    trustedSeconds: duration('enclos_call_duration_seconds', 'How long calls of trusted functions took.'),
    untrustedSeconds: duration('enclos_host_call_duration_seconds', 'How long calls of the host by the enclave took.'),
    inFlight: createView(
      { name: 'enclos_calls_in_flight', help: 'Calls of trusted functions that have no answer yet.' },
      () => state.inFlight.entries().map(([enclave, count]) => [{ enclave }, count]),
    ),
    queued: createView(
      { name: 'enclos_calls_queued', help: 'Calls under way beyond the threads of the enclaves that run: they wait.' },
      () =>
        state.outermost
          .entries()
          .map(([enclave, count]) => [{ enclave }, Math.max(0, count - state.threads.of(enclave))]),
    ),
    bytes: counter('enclos_call_bytes_total', 'Encoded arguments and results that crossed the gate, by direction.'),
    loads: counter('enclos_loads_total', 'Loads of an enclave by the platform, by result code.'),
    starts: counter('enclos_starts_total', 'Starts of an application in its enclave, by result code.'),
    loadSeconds: duration(
      'enclos_load_duration_seconds',
      'How long measuring, verifying and starting an enclave took.',
    ),
    up: createValue('gauge', { name: 'enclos_enclaves_up', help: 'Enclaves that run, by name and MRENCLAVE.' }),
    lost: counter('enclos_enclaves_lost_total', 'Enclaves that ended without their host having ended them.'),
    restarts: counter('enclos_enclave_restarts_total', 'Enclaves that a supervisor started again.'),
    dropped: counter(
      'enclos_log_records_dropped_total',
      'Log records that were more than the host keeps of an enclave.',
    ),
  };
  return { ...families, state, all: Object.values(families) };
}

/** Numbers by name. */
function createTally() {
  const counts = new Map<string, number>();
  return Object.freeze({
    of: (name: string) => counts.get(name) ?? 0,
    add: (name: string, amount: number) => void counts.set(name, (counts.get(name) ?? 0) + amount),
    entries: () => [...counts],
  });
}

interface CallObservation {
  readonly families: Families;
  readonly enclave: string;
  readonly operation: Operation;
  readonly kind: 'trusted' | 'untrusted';
  readonly nowMs: () => number;
}

function observeCall({ families, enclave, operation, kind, nowMs }: CallObservation): Observation {
  const startMs = nowMs();
  const isTrusted = kind === 'trusted';
  const { inFlight, outermost } = families.state;
  const count = (amount: number): void => {
    if (!isTrusted) return;
    inFlight.add(enclave, amount);
    // Nested calls have their own threads.
    if (operation.parent === undefined) outermost.add(enclave, amount);
  };
  count(1);
  return {
    end({ code, argumentBytes, resultBytes }: OperationEnd) {
      count(-1);
      const labels = { enclave, function: operation.function };
      families[kind].add({ ...labels, code });
      families[`${kind}Seconds`].observe(labels, (nowMs() - startMs) / 1000);
      families.bytes.add({ enclave, direction: 'to_enclave' }, isTrusted ? argumentBytes : resultBytes);
      families.bytes.add({ enclave, direction: 'from_enclave' }, isTrusted ? resultBytes : argumentBytes);
    },
  };
}

interface LoadObservation {
  readonly families: Families;
  readonly enclave: string;
  readonly kind: 'load' | 'start';
  readonly nowMs: () => number;
}

function observeLoad({ families, enclave, kind, nowMs }: LoadObservation): Observation {
  const startMs = nowMs();
  return {
    end({ code }: OperationEnd) {
      families[kind === 'load' ? 'loads' : 'starts'].add({ enclave, code });
      if (kind === 'load' && code === 'OK') families.loadSeconds.observe({ enclave }, (nowMs() - startMs) / 1000);
    },
  };
}

interface EventLabels {
  readonly enclave: string;
  readonly mrenclave: string;
}

function countEvent(families: Families, { event, fields }: HostEvent, labels: EventLabels): void {
  const { enclave } = labels;
  const change = event === 'started' ? 1 : event === 'lost' || event === 'disposed' ? -1 : 0;
  if (change !== 0) {
    families.up.add({ ...labels }, change);
    families.state.threads.add(enclave, change * Number(fields['threads']));
  }
  if (event === 'lost') families.lost.add({ enclave });
  if (event === 'restarted') families.restarts.add({ enclave });
  if (event === 'log-dropped') families.dropped.add({ enclave }, Number(fields['count']));
}

function answer(request: IncomingMessage, response: ServerResponse, render: () => string): void {
  request.resume();
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.writeHead(405, { allow: 'GET, HEAD' }).end();
    return;
  }
  const body = Buffer.from(render());
  response.writeHead(200, { 'content-type': expositionContentType, 'content-length': body.length });
  response.end(request.method === 'HEAD' ? undefined : body);
}
