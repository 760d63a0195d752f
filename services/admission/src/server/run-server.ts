import type { Server } from 'node:net';
import type { EnclosLogger } from '@enclos/host';
import { listenAt, startAdminServer } from '@enclos/service/admin';
import {
  readServingCertificate,
  watchCertificate,
  type CertificateFiles,
  type ServingCertificate,
} from './certificate-files.ts';
import type { Answer } from '../review/answer.ts';
import type { Limits } from './limits.ts';
import { createAdmissionMetrics } from './metrics.ts';
import { createWebhookServer, type WebhookServer } from './webhook-server.ts';

export interface RunOptions {
  readonly answer: (body: Uint8Array) => Answer;
  readonly files: CertificateFiles;
  /** An address; undefined for all. */
  readonly host: string | undefined;
  readonly port: number;
  readonly healthPort: number;
  /** How long reviews are still taken after `stop`, until every API server has heard that this replica goes. */
  readonly drainMs: number;
  /** How long reviews that have begun may take after that. */
  readonly finishMs: number;
  readonly reloadMs: number;
  readonly limits: Limits;
  readonly logger: EnclosLogger;
  /** Milliseconds since 1970. */
  readonly nowMs: () => number;
}

export interface RunningServer {
  readonly port: number;
  readonly healthPort: number;
  /** Answers what has begun, and ends. */
  stop(): Promise<void>;
}

/**
 * Starts the webhook.
 * @throws ADMISSION_CERTIFICATE_REFUSED; SERVICE_ADDRESS_UNUSABLE for a port that is not free
 */
export async function runServer(options: RunOptions): Promise<RunningServer> {
  const { answer, files, host, limits, logger, nowMs } = options;
  let certificate = await readServingCertificate(files);
  let isDraining = false;
  const metrics = createAdmissionMetrics();
  const webhook = createWebhookServer({
    keyPair: certificate,
    answer,
    limits,
    logger,
    metrics,
    nowMs: () => performance.now(),
  });
  const connections = countConnections(webhook.server);
  const stopWatching = watchCertificate({
    files,
    current: certificate,
    intervalMs: options.reloadMs,
    onReplaced(found) {
      certificate = found;
      webhook.replaceKeyPair(found);
      metrics.reloaded('replaced');
      logger.info({ event: 'certificate-replaced', ...describe(found) }, 'New connections get the new certificate.');
    },
    onRefused({ code, message }) {
      metrics.reloaded('refused');
      logger.error({ event: 'certificate-refused', code }, `${message} The one before stays.`);
    },
  });
  const port = await listenAt(webhook.server, { option: '--port', address: { host, port: options.port } });
  const health = await startAdminServer({
    option: '--health-port',
    address: { host, port: options.healthPort },
    unready: () =>
      isDraining ? 'draining' : certificate.endsAtMs <= nowMs() ? 'the certificate has ended' : undefined,
    metrics: () => metrics.render({ ...webhook, connections, certificateEndsAtMs: () => certificate.endsAtMs }),
  });
  const healthPort = health.port;
  logger.info({ event: 'listening', port, healthPort, ...describe(certificate) }, 'The webhook answers reviews.');
  return Object.freeze<RunningServer>({
    port,
    healthPort,
    async stop() {
      isDraining = true;
      webhook.drain();
      logger.info({ event: 'draining', inFlight: webhook.inFlight() }, 'The webhook answers what comes, and ends.');
      await new Promise((resolve) => setTimeout(resolve, options.drainMs));
      stopWatching();
      await close(webhook, options.finishMs);
      await health.close();
      logger.info({ event: 'stopped', cut: webhook.inFlight() }, 'The webhook has ended.');
    },
  });
}

function describe({ fingerprint, endsAtMs }: ServingCertificate): { certificate: string; endsAt: string } {
  return { certificate: fingerprint, endsAt: new Date(endsAtMs).toISOString() };
}

/** Node tells this number by a callback only. */
function countConnections(server: Server): () => number {
  let open = 0;
  server.on('connection', (socket) => {
    open += 1;
    socket.once('close', () => {
      open -= 1;
    });
  });
  return () => open;
}

/** No new connections, idle ones end, and those in use get until `finishMs`. */
async function close({ server }: WebhookServer, finishMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  const timer = setTimeout(() => server.closeAllConnections(), finishMs);
  await closed;
  clearTimeout(timer);
}
