import type { Socket } from 'node:net';
import { isEnclosError } from '@enclos/errors';

/** How long a client may take to begin its request, and then to take the answer. */
const patienceMs = 1000;

/** Closes a client whose server was refused. One that speaks HTTP/1.1 is told why. */
export async function answerRefusal(client: Socket, error: unknown): Promise<void> {
  if (client.destroyed) return;
  const begun = await firstBytes(client);
  client.end(beginsRequest.test(begun) ? badGateway(error) : '');
  // A socket that is closed with unread bytes takes the answer along.
  client.resume();
  await atMost(client, ['close', 'end']);
  client.destroy();
}

/** RFC 9112 section 3: a method, a space, and a path or a URL. */
const beginsRequest = /^[A-Z]{3,10} (?:\/|https?:)/;

async function firstBytes(client: Socket): Promise<string> {
  if (client.readableLength === 0) await atMost(client, ['readable', 'end', 'close']);
  const chunk: unknown = client.read();
  return chunk instanceof Uint8Array ? Buffer.from(chunk.subarray(0, 32)).toString('latin1') : '';
}

/** Waits for one of the events. */
async function atMost(client: Socket, events: readonly string[]): Promise<void> {
  await new Promise<void>((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      for (const event of events) client.off(event, done);
      resolve();
    };
    const timer = setTimeout(done, patienceMs);
    for (const event of events) client.once(event, done);
    if (client.destroyed) done();
  });
}

/** RFC 9209: `proxy-status` says that this is the answer of the proxy, and not of the server. */
function badGateway(error: unknown): string {
  const isKnown = isEnclosError(error);
  const code = isKnown ? error.code : 'refused';
  const why = isKnown ? `${error.code}: ${error.message}` : 'The server was refused.';
  const body = `${why}\nNothing was sent to the server. The output of the proxy says more.\n`;
  const type = isKnown && error.kind === 'transient' ? 'destination_unavailable' : 'tls_certificate_error';
  return [
    'HTTP/1.1 502 Bad Gateway',
    `proxy-status: enclos; error=${type}; details="${code}"`,
    'content-type: text/plain; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
    '',
    body,
  ].join('\r\n');
}
