import { createDispatcher, type Handlers } from '@enclos/edl';
import { isEnclosError } from '@enclos/errors';
import { enclaveChannel, openChannel } from '@enclos/tee';
import type { LoadedEnclave } from '../../cpu/cpu.ts';
import type { EnclaveAudit } from '../../platform-audit.ts';
import type { EnclaveProcess } from './enclave-child.ts';
import type { PlatformServices } from '../services.ts';

/** The enclave of a process, and how it is served. */
export interface ServedEnclave {
  readonly enclave: LoadedEnclave;
  readonly audit: EnclaveAudit | undefined;
  readonly inspected: boolean;
}

/** What else happens when the enclave greets. */
export interface Greeting {
  readonly greeted: () => void;
  /** It did not greet in time, and is ended. */
  readonly late: () => void;
}

/**
 * Answers the enclave on the descriptor that this platform made for it: the connection is the identity.
 * @param greeting `optional` for a program that may never use the descriptor, or close it
 */
export function serveEnclave(
  services: Pick<PlatformServices, 'cpu' | 'quotingEnclave'>,
  { enclave, audit, inspected }: ServedEnclave,
  running: Pick<EnclaveProcess, 'channel' | 'kill'>,
  greeting?: Greeting | 'optional',
): void {
  const { cpu, quotingEnclave } = services;
  const handlers: Handlers<(typeof enclaveChannel)['trusted']> = {
    report: ({ targetInfo, reportData }) => cpu.ereport(enclave, targetInfo, reportData),
    key: ({ request }) => cpu.egetkey(enclave, request),
    quotingTarget: () => quotingEnclave.targetInfo(),
    quote: ({ report }) => quotingEnclave.quote(report),
  };
  const calls = createDispatcher(enclaveChannel.trusted, audit?.calls(handlers) ?? handlers);
  const endpoint = openChannel({
    stream: running.channel,
    initiator: false,
    protocol: enclaveChannel,
    // A debugger may pause the enclave for any length of time.
    ...(inspected || greeting === 'optional' ? { patient: true } : {}),
    serve: (index, payload) => calls(index, payload, undefined),
  });
  if (greeting === 'optional') {
    // One that breaks the protocol is ended.
    endpoint.ready.catch(() => undefined);
    void endpoint.closed.then(({ error }) => {
      const isBroken = isEnclosError(error, 'GATE_PROTOCOL_VIOLATION') || isEnclosError(error, 'TEE_PROTOCOL_MISMATCH');
      if (isBroken) running.kill();
    });
    return;
  }
  // An enclave that breaks the protocol, or never greets, is ended.
  endpoint.ready.then(greeting?.greeted, (error: unknown) => {
    if (isEnclosError(error, 'GATE_HELLO_TIMEOUT')) greeting?.late();
    running.kill();
  });
  void endpoint.closed.then(() => running.kill());
}
