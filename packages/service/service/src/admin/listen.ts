import { once } from 'node:events';
import type { Server } from 'node:net';
import { EnclosError } from '@enclos/errors';
import '../errors.ts';

/** Where a server listens. */
export interface ListenAddress {
  /** A name or an address; every address of the machine when it is undefined. */
  readonly host: string | undefined;
  /** 0 for any that is free. */
  readonly port: number;
}

export interface ListenOptions {
  /** The option of the command line that names the address, for messages: `--admin`. */
  readonly option: string;
  readonly address: ListenAddress;
}

/**
 * Has a server listen.
 * @returns its port
 * @throws SERVICE_ADDRESS_UNUSABLE with the option and what the system says
 */
export async function listenAt(server: Server, { option, address: { host, port } }: ListenOptions): Promise<number> {
  server.listen({ port, ...(host === undefined ? {} : { host }) });
  await once(server, 'listening').catch((cause: unknown) => {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const where = host === undefined ? `${port}` : `${host}:${port}`;
    const message = `${option} ${where} cannot be opened: ${reason}. Choose another address, or end what listens there.`;
    throw new EnclosError('SERVICE_ADDRESS_UNUSABLE', message, { cause });
  });
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : port;
}
