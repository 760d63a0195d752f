import { createHistogram, createValue, createView } from '@enclos/host/exposition';
import type { ErrorCode } from '@enclos/errors';
import type { Answer } from '../review/answer.ts';

/** What is looked up when the metrics are read. */
export interface Gauges {
  connections(): number;
  inFlight(): number;
  heldBytes(): number;
  /** Milliseconds since 1970. */
  certificateEndsAtMs(): number;
}

export interface AdmissionMetrics {
  reviewed(answer: Answer, seconds: number): void;
  /** A request that got no answer to a review. */
  refused(code: ErrorCode): void;
  /** A connection that ended in its handshake, as of a client without the certificate that is asked for. */
  handshakeFailed(): void;
  reloaded(result: 'replaced' | 'refused'): void;
  /** The text exposition format of Prometheus. */
  render(gauges: Gauges): string;
}

const buckets = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Every label is of a closed set: outcomes, platforms and codes. */
export function createAdmissionMetrics(): AdmissionMetrics {
  const counter = (name: string, help: string) => createValue('counter', { name: `enclos_admission_${name}`, help });
  const reviews = counter('reviews_total', 'Reviews that were answered, by outcome and platform.');
  const faults = counter('faults_total', 'Reviews whose answer failed by a fault of the webhook.');
  const refusals = counter('requests_refused_total', 'Requests that were not a review, or too large, by code.');
  const reloads = counter('certificate_reloads_total', 'Changes of the certificate files, by what came of them.');
  const handshakes = counter('handshakes_failed_total', 'Connections that ended in their TLS handshake.');
  const duration = createHistogram(buckets, {
    name: 'enclos_admission_review_duration_seconds',
    help: 'From the headers of a review to its answer.',
  });
  const gauge = (name: string, help: string, value: number) =>
    createView({ name: `enclos_admission_${name}`, help }, () => [[{}, value]]).render();
  return Object.freeze<AdmissionMetrics>({
    reviewed({ outcome, platform = 'none', fault }, seconds) {
      reviews.add({ outcome, platform });
      if (fault !== undefined) faults.add({});
      duration.observe({}, seconds);
    },
    refused: (code) => refusals.add({ code }),
    handshakeFailed: () => handshakes.add({}),
    reloaded: (result) => reloads.add({ result }),
    render: (gauges) =>
      [reviews, faults, refusals, handshakes, reloads, duration].map((family) => family.render()).join('') +
      gauge('connections', 'Connections that are open.', gauges.connections()) +
      gauge('requests_in_flight', 'Reviews that have no answer yet.', gauges.inFlight()) +
      gauge('held_bytes', 'Bytes of bodies that are being received.', gauges.heldBytes()) +
      gauge(
        'certificate_expiry_timestamp_seconds',
        'When the serving certificate ends, in seconds since 1970.',
        Math.floor(gauges.certificateEndsAtMs() / 1000),
      ),
  });
}
