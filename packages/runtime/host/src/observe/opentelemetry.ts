import { context, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace, type Context, type Tracer } from '@opentelemetry/api';
import type {
  Connection,
  ConnectionObservation,
  Instrumentation,
  Observation,
  Operation,
  OperationEnd,
} from './instrumentation.ts';

export interface OpenTelemetryOptions {
  /** Default: the tracer `@enclos/host` of the global provider. */
  readonly tracer?: Tracer;
}

/**
 * Spans of the OpenTelemetry API for what an enclave and its host do, for
 * `loadEnclave({ instrumentation })`. Needs `@opentelemetry/api` and, to go
 * anywhere, an SDK that the program has set up.
 *
 * - `enclave/function`, kind client: a call of a trusted function, a child of what is active where it is called;
 * - `enclave/function`, kind server: an untrusted function, a child of the call in which the enclave
 *   called it, and active while it runs;
 * - `enclave load` and `enclave start`;
 * - `enclave listener connection`, kind server, and `enclave destination connection`, kind client: a connection for as long as the
 *   enclave has it, without a parent.
 *
 * Attributes: `enclos.enclave`, `enclos.mrenclave` (hex), `enclos.function`, `enclos.code` (`OK` or an error code), and
 * the sizes of encoded arguments and results; of a connection `enclos.stream`, `enclos.transport` (`relayed` or `passed`) and its bytes. Never a value, never the text of an error. The enclave gets no trace context:
 * what it said about it could not be trusted.
 */
export function openTelemetry(options: OpenTelemetryOptions = {}): Instrumentation {
  const contexts = new WeakMap<Observation, Context>();
  return Object.freeze<Instrumentation>({
    begin(operation) {
      // Looked up late: the program may set up its provider later.
      const tracer = options.tracer ?? trace.getTracer('@enclos/host');
      const parent = operation.parent === undefined ? undefined : contexts.get(operation.parent);
      const { observation, own } = observe(tracer, operation, parent ?? context.active());
      contexts.set(observation, own);
      return observation;
    },
    connection: (connection) => observeConnection(options.tracer ?? trace.getTracer('@enclos/host'), connection),
  });
}

interface ObservedSpan {
  readonly observation: Observation;
  readonly own: Context;
}

function observe(tracer: Tracer, operation: Operation, parent: Context): ObservedSpan {
  const { kind, enclave, mrEnclave } = operation;
  const isCall = kind === 'trusted' || kind === 'untrusted';
  const span = tracer.startSpan(
    isCall ? `${enclave}/${operation.function}` : `${enclave} ${kind}`,
    {
      kind: kinds[kind],
      attributes: {
        'enclos.enclave': enclave,
        ...(mrEnclave === undefined ? {} : { 'enclos.mrenclave': mrEnclave }),
        ...(isCall ? { 'enclos.function': operation.function } : {}),
      },
    },
    parent,
  );
  // An untrusted function runs with its span and nothing else from its caller: only the enclave says which call it belongs to.
  const own = trace.setSpan(kind === 'untrusted' ? ROOT_CONTEXT : parent, span);
  const observation: Observation = {
    run: (work) => context.with(own, work),
    end({ code, argumentBytes, resultBytes, mrEnclave: measured }: OperationEnd) {
      span.setAttribute('enclos.code', code);
      if (mrEnclave === undefined && measured !== undefined) span.setAttribute('enclos.mrenclave', measured);
      if (isCall) span.setAttributes({ 'enclos.argument_bytes': argumentBytes, 'enclos.result_bytes': resultBytes });
      if (code !== 'OK') span.setStatus({ code: SpanStatusCode.ERROR, message: code });
      span.end();
    },
  };
  return { observation, own };
}

function observeConnection(tracer: Tracer, connection: Connection): ConnectionObservation {
  const { enclave, mrEnclave, stream, kind, transport } = connection;
  const attributes = {
    'enclos.enclave': enclave,
    ...(mrEnclave === undefined ? {} : { 'enclos.mrenclave': mrEnclave }),
    'enclos.stream': stream,
    'enclos.transport': transport,
  };
  const spanKind = kind === 'accepted' ? SpanKind.SERVER : SpanKind.CLIENT;
  const span = tracer.startSpan(`${enclave} ${stream} connection`, { kind: spanKind, attributes }, ROOT_CONTEXT);
  return {
    end({ bytesToEnclave, bytesFromEnclave }) {
      span.setAttributes({ 'enclos.bytes_to_enclave': bytesToEnclave, 'enclos.bytes_from_enclave': bytesFromEnclave });
      span.end();
    },
  };
}

const kinds = Object.freeze({
  load: SpanKind.INTERNAL,
  start: SpanKind.INTERNAL,
  trusted: SpanKind.CLIENT,
  untrusted: SpanKind.SERVER,
});
