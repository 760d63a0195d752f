import { Agent, request as httpRequest } from 'node:http';
import { Agent as SecureAgent, request as httpsRequest } from 'node:https';
import type { OuterFetch } from '@enclos/inference-client';

/** One connection each, which is kept. What is measured here needs no more of TLS than its cost: the evidence is appraised once. */
const agents = {
  'http:': new Agent({ keepAlive: true, noDelay: true }),
  'https:': new SecureAgent({ keepAlive: true, noDelay: true, rejectUnauthorized: false, ALPNProtocols: ['http/1.1'] }),
};

/** `fetch` over node:http, for every contender: that of the platform takes longer than all that is measured. */
export const httpFetch: OuterFetch = (url, { method = 'GET', headers, body }) =>
  new Promise((resolve, reject) => {
    const { protocol, hostname, port, pathname, search } = new URL(url);
    const isSecure = protocol === 'https:';
    const bytes = body instanceof Uint8Array ? body : new Uint8Array();
    const options = {
      hostname,
      port,
      method,
      path: pathname + search,
      agent: isSecure ? agents['https:'] : agents['http:'],
      // Those who call it give plain objects.
      headers: { ...(headers as Record<string, string> | undefined), 'content-length': bytes.length },
    };
    const request = (isSecure ? httpsRequest : httpRequest)(options, (response) => {
      const pieces: Buffer[] = [];
      response.on('data', (piece: Buffer) => pieces.push(piece));
      response.on('error', reject);
      response.on('end', () => {
        const [only] = pieces;
        const whole = pieces.length === 1 && only !== undefined ? only : Buffer.concat(pieces);
        const fields = Object.entries(response.headers).map(([name, value]): [string, string] => [name, String(value)]);
        resolve(new Response(new Uint8Array(whole), { status: response.statusCode ?? 0, headers: fields }));
      });
    });
    request.on('error', reject);
    request.end(bytes);
  });
