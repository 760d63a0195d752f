import { once } from 'node:events';
import type { HttpHandler, ServeHttpOptions } from '@enclos/http';
import { webHandlers } from '@enclos/http/web';
import { atMost, type Figure } from '../harness/figures.ts';
import { callsPerSecond, interleave } from '../harness/statistics.ts';
import { connected, connections, httpServer } from './http-alone.ts';

const requests = 4000;
/** For one request, of which 16 are under way on one core. */
const largestAddedMicros = 400;

interface Site {
  /** Requests a second, over connections that are kept. */
  readonly rate: () => Promise<number>;
  readonly close: () => void;
}

async function startSite(handlers: Pick<ServeHttpOptions, 'handler'>, body: string): Promise<Site> {
  const ending = new AbortController();
  const server = httpServer(handlers, ending.signal);
  const idle = [...(await connected(server))];
  const head = body === '' ? 'GET /a?b=c' : 'POST /a?b=c';
  const request = Buffer.from(`${head} HTTP/1.1\r\nhost: a.test\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
  const ask = async (): Promise<void> => {
    const socket = idle.pop();
    if (socket === undefined) throw new Error('There are as many connections as requests at once.');
    socket.write(request);
    // The answers are small, so each comes in one piece.
    await once(socket, 'data');
    idle.push(socket);
  };
  return {
    rate: () => callsPerSecond(requests, connections, ask),
    close() {
      ending.abort();
      for (const socket of idle) socket.destroy();
      server.close();
    },
  };
}

/** Handlers from Request to Response against direct ones. Server and clients are in this process. */
export async function benchWeb(): Promise<readonly Figure[]> {
  const figures: Figure[] = [];
  for (const [what, body] of [
    ['a request without a body', ''],
    ['a request with 512 bytes', 'x'.repeat(512)],
  ] as const) {
    const headers = { 'content-type': 'text/plain' };
    const direct: HttpHandler = (request) => ({ status: 200, headers, body: request.body });
    const web = webHandlers(async (request) => new Response(await request.arrayBuffer(), { headers }));
    const [ours, peer] = [await startSite(web, body), await startSite({ handler: direct }, body)];
    const compared = await interleave(9, ours.rate, peer.rate);
    for (const site of [ours, peer]) site.close();
    figures.push({
      what: `Request and Response: ${what}; peer a direct handler`,
      ours: `${Math.round(compared.ours)} /s`,
      peer: `${Math.round(compared.peer)} /s`,
      ratio: compared.ratio.toFixed(2),
      bound: atMost(largestAddedMicros, 1e6 / compared.ours - 1e6 / compared.peer, ' µs more'),
    });
  }
  return figures;
}
