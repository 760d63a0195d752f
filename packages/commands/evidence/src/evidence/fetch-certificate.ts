import { connect } from 'node:tls';
import { refuseUsage } from '@enclos/cli-frame';
import { EnclosError } from '@enclos/errors';

const timeoutMs = 10_000;

/**
 * The certificate of a TLS server, DER. No authority is asked: what makes it
 * trustworthy is the evidence in it. The handshake shows that the server has
 * the key of the certificate; nothing is sent after it.
 *
 * @throws CLI_USAGE for another scheme than https, CLI_SERVER_UNREACHABLE
 */
export async function fetchCertificate(address: string): Promise<Uint8Array> {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url?.protocol !== 'https:' || url.username !== '' || url.password !== '') {
    return refuseUsage(`A server is named by an https address, not ${JSON.stringify(address)}.`);
  }
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const port = url.port === '' ? 443 : Number(url.port);
  return new Promise((resolve, reject) => {
    const unreachable = (why: string, cause?: unknown): void =>
      reject(new EnclosError('CLI_SERVER_UNREACHABLE', `No TLS connection to ${url.host}: ${why}.`, { cause }));
    // The name is sent as it is typed; an address has no name to send (RFC 6066 section 3).
    const isAddress = /^[\d.]+$|:/.test(host);
    const socket = connect(
      { host, port, rejectUnauthorized: false, ...(isAddress ? {} : { servername: host }) },
      () => {
        const { raw } = socket.getPeerCertificate();
        socket.end();
        // oxlint-disable-next-line typescript/no-unnecessary-condition -- it is an empty object when there is no certificate
        if (raw === undefined) unreachable('the server showed no certificate');
        else resolve(new Uint8Array(raw));
      },
    );
    socket.setTimeout(timeoutMs, () => {
      unreachable('no answer in time');
      socket.destroy();
    });
    socket.on('error', (cause: Error) => unreachable(cause.message, cause));
    socket.on('close', () => unreachable('the server closed it'));
  });
}
