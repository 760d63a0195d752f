import { createHistogram, createValue, type Family } from './exposition.ts';
import type { BacklogChange, Connection, ConnectionObservation, Instrumentation } from './instrumentation.ts';

/** Connections live longer than calls: upper bounds in seconds. */
const durationBounds = [0.005, 0.025, 0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600, 14_400];

/** What is counted for one listener or destination. Found once: a connection costs no text. */
interface ConnectionSeries {
  readonly total: (amount: number) => void;
  readonly open: (amount: number) => void;
  readonly seconds: (value: number) => void;
  readonly toEnclave: (amount: number) => void;
  readonly fromEnclave: (amount: number) => void;
}

export interface ConnectionMetrics extends Required<Pick<Instrumentation, 'connection' | 'backlog'>> {
  readonly families: readonly Family[];
}

export interface ConnectionMetricsOptions {
  readonly nowMs: () => number;
  /** Bound the values of labels. */
  readonly enclaveNames: (name: string) => string;
  readonly streamNames: (name: string) => string;
}

export function createConnectionMetrics(options: ConnectionMetricsOptions): ConnectionMetrics {
  const { nowMs, enclaveNames, streamNames } = options;
  const total = createValue('counter', {
    name: 'enclos_connections_total',
    help: 'Connections that an enclave got, by listener or destination, and by how they reach it.',
  });
  const open = createValue('gauge', { name: 'enclos_connections_open', help: 'Connections that an enclave has.' });
  const seconds = createHistogram(durationBounds, {
    name: 'enclos_connection_duration_seconds',
    help: 'How long enclaves had their connections.',
  });
  const bytes = createValue('counter', {
    name: 'enclos_connection_bytes_total',
    help: 'Bytes of connections that ended, by direction; of passed ones, what the enclave told.',
  });
  const waiting = createValue('gauge', {
    name: 'enclos_connections_waiting',
    help: 'Connections that wait at the host because the enclave does not take them.',
  });
  const dropped = createValue('counter', {
    name: 'enclos_connections_dropped_total',
    help: 'Connections that were closed because too many wait, or that could not be accepted or passed.',
  });
  const all = new Map<string, ConnectionSeries>();
  const seriesOf = ({ enclave, stream, kind, transport }: Connection): ConnectionSeries => {
    const labels = { enclave: enclaveNames(enclave), stream: streamNames(stream), kind, transport };
    const key = Object.values(labels).join('\0');
    const found = all.get(key) ?? {
      total: total.series(labels),
      open: open.series(labels),
      seconds: seconds.series(labels),
      toEnclave: bytes.series({ ...labels, direction: 'to_enclave' }),
      fromEnclave: bytes.series({ ...labels, direction: 'from_enclave' }),
    };
    all.set(key, found);
    return found;
  };
  return Object.freeze({
    families: [total, open, seconds, bytes, waiting, dropped],
    connection: (connection: Connection) => observe(seriesOf(connection), nowMs),
    backlog(change: BacklogChange) {
      const labels = { enclave: enclaveNames(change.enclave), stream: streamNames(change.listener) };
      waiting.add(labels, change.waiting);
      dropped.add(labels, change.dropped);
    },
  });
}

function observe(series: ConnectionSeries, nowMs: () => number): ConnectionObservation {
  const startMs = nowMs();
  series.total(1);
  series.open(1);
  return {
    end({ bytesToEnclave, bytesFromEnclave }) {
      series.open(-1);
      series.seconds((nowMs() - startMs) / 1000);
      series.toEnclave(bytesToEnclave);
      series.fromEnclave(bytesFromEnclave);
    },
  };
}
