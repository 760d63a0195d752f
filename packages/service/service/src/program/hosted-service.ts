import type { EnclosLogger } from '@enclos/host';
import { startAdminServer } from '../admin/index.ts';
import type { ListenAddress } from '../admin/listen.ts';

/** A service whose enclave serves. */
export interface HostedService {
  readonly address: { readonly host: string; readonly port: number };
  readonly adminPort: number;
  readonly mrEnclave: Uint8Array;
  /** Settles when the enclave has ended, and says how. */
  readonly ended: Promise<string>;
  /** Answers what has begun, and ends. */
  stop(): Promise<void>;
}

/** What is needed of an `Enclave` of `@enclos/host`. */
export interface ServingEnclave {
  readonly exited: Promise<{ readonly detail: string }>;
  readonly identity: { readonly mrEnclave: Uint8Array };
  readonly listeners: Readonly<
    Record<string, { readonly host?: string | undefined; readonly port?: number | undefined }>
  >;
}

export interface HostedServiceOptions {
  /** It serves already, at the listener `https`. */
  readonly enclave: ServingEnclave;
  /** Address of health, readiness and metrics: the option `--admin`. */
  readonly admin: ListenAddress;
  /** Prometheus, text format 0.0.4. */
  readonly metrics: () => Promise<string>;
  /** Ends when what has begun is answered. */
  readonly drain: () => Promise<void>;
  /** Closes what was opened for the service, the enclave included, after the admin server. */
  readonly close: () => Promise<void>;
  readonly logger: EnclosLogger;
  /** Told in the line that says where the service listens. */
  readonly facts?: Readonly<Record<string, unknown>>;
}

/**
 * What surrounds the enclave of a service once it serves: readiness, metrics, and an end in order. Readiness ends before anything else does.
 *
 * @throws SERVICE_ADDRESS_UNUSABLE; nothing of what was opened before is closed then
 */
export async function hostService(options: HostedServiceOptions): Promise<HostedService> {
  const { enclave, logger, metrics, drain, close, facts = {} } = options;
  let unready: string | undefined;
  const admin = await startAdminServer({ option: '--admin', address: options.admin, unready: () => unready, metrics });
  const ended = enclave.exited.then(({ detail }) => {
    unready ??= 'the enclave has ended';
    return detail;
  });
  const { host = '', port = 0 } = enclave.listeners['https'] ?? {};
  logger.info({ event: 'listening', host, port, adminPort: admin.port, ...facts }, 'The service answers.');
  return Object.freeze<HostedService>({
    address: { host, port },
    adminPort: admin.port,
    mrEnclave: enclave.identity.mrEnclave,
    ended,
    async stop() {
      unready = 'draining';
      // An enclave that has ended has nothing to answer.
      await drain().catch(() => undefined);
      await admin.close();
      await close();
    },
  });
}
