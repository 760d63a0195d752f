import { pipeline } from 'node:stream/promises';
import { createTlsIdentity, defineEnclave, listen, log, quote, tlsServer, type Connection } from '@enclos/enclave';
import { evidencePurpose, serverName, tlsEcho } from './tls-echo.edl.ts';

/** Made here, and gone with the enclave. The host never has the key. */
const identity = createTlsIdentity(serverName);
const secure = tlsServer(identity);

async function echo(connection: Connection): Promise<void> {
  try {
    const client = await secure(connection);
    await pipeline(client, client);
  } catch {
    // The client went away, or was never a real client.
    log.debug('a connection ended early');
  }
}

async function serve(): Promise<void> {
  for await (const connection of listen('echo')) void echo(connection);
}

export const application = defineEnclave(
  tlsEcho,
  {
    evidence: async ({ nonce }) => ({
      certificate: identity.cert,
      quote: await quote({ purpose: evidencePurpose, nonce, key: identity.publicKey }),
    }),
  },
  { start: () => void serve() },
);
