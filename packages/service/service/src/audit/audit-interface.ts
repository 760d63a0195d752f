import { func, string } from '@enclos/edl';

/** The audit log as an enclave calls it: an untrusted function for the interface of a service. */
export const auditInterface = {
  /** One line of the audit log, JSON. The enclave waits for it before it answers what the line is about. */
  audit: func({ line: string({ maxBytes: 65_536 }) }),
} as const;
