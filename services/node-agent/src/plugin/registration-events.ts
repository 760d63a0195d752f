import type { Log, LogFields } from '../log.ts';
import type { AgentMetrics } from '../metrics.ts';
import { codeOf, tellOnce } from '../tell-once.ts';

/** What happens between the kubelet and a plugin or driver. */
export interface RegistrationEvents {
  readonly registered: () => void;
  /** The kubelet, or a socket, is gone or another one. */
  readonly lost: () => void;
  /** It is tried again. */
  readonly failed: (error: unknown) => void;
}

/** Counts and logs it. @param name for the metrics @param fields that name it in the log */
export function registrationEvents(
  name: string,
  fields: LogFields,
  { log, metrics }: { readonly log: Log; readonly metrics: AgentMetrics },
): RegistrationEvents {
  const failure = tellOnce((error) => log.warn('registration-failed', error, fields));
  return Object.freeze({
    registered() {
      failure.over();
      metrics.registered(name);
      log.info('registered', fields);
    },
    lost() {
      metrics.lost(name);
      log.info('kubelet-lost', fields);
    },
    failed(error: unknown) {
      metrics.registrationFailed(name, codeOf(error));
      failure.failed(error);
    },
  });
}
