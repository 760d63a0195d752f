import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import type { OuterFetch } from '@enclos/inference-client';

export interface PageServerOptions {
  /** What the page trusts: the certificate of a root, and a policy in JSON. From a place that is not the service. */
  readonly rootPem: string;
  readonly policy: string;
  /** Carries sealed requests to the service. */
  readonly fetch: OuterFetch;
  /** The page may ask the host to change the next answer, to see that it is refused. */
  readonly changeNextAnswer: () => void;
}

const folder = new URL('../../site/', import.meta.url);
const files: Readonly<Record<string, string>> = {
  'index.html': 'text/html; charset=utf-8',
  'page.css': 'text/css; charset=utf-8',
  'digits.css': 'text/css; charset=utf-8',
  'digits.js': 'text/javascript; charset=utf-8',
  'digits.js.map': 'application/json; charset=utf-8',
  'icon.svg': 'image/svg+xml',
};
const headers = {
  'content-security-policy': "frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store',
};
/** The service says the type of what it answers, and a document of it would be one of this origin. The script of the page alone reads it. */
const carriedHeaders = { ...headers, 'content-security-policy': "default-src 'none'; sandbox; frame-ancestors 'none'" };
/** What the page needs of the service: the report, and sealed requests. */
const forwarded: Readonly<Record<string, string>> = { '/v1/attestation/report': 'GET', '/ohttp': 'POST' };
const maxBodyBytes = 1_048_576;

/**
 * Serves the page, and carries its sealed requests to the service. A server that people use gives out the page from a place that its visitors
 * trust: a page that its own service gives out checks what that service wants.
 */
export function createPageServer(options: PageServerOptions): Server {
  return createServer((request, response) => {
    answer(request, response, options).catch(() => {
      if (response.headersSent) response.destroy();
      else end(response, 502, 'The service does not answer.\n');
    });
  });
}

async function answer(request: IncomingMessage, response: ServerResponse, options: PageServerOptions): Promise<void> {
  const [pathname = '/', query] = (request.url ?? '/').split('?', 2);
  const path = pathname.replace(/^\/service\//, '/');
  if (path !== pathname && forwarded[path] === request.method) {
    return carry(query === undefined ? path : `${path}?${query}`, request, response, options);
  }
  if (pathname === '/host/change-next-answer' && request.method === 'POST') {
    options.changeNextAnswer();
    return end(response, 204);
  }
  if (request.method !== 'GET') return end(response, 405, 'Only GET\n');
  if (pathname === '/root.pem') return end(response, 200, options.rootPem, 'application/x-pem-file');
  if (pathname === '/policy.json') return end(response, 200, options.policy, 'application/json');
  const name = pathname === '/' ? 'index.html' : pathname.slice(1);
  const type = Object.hasOwn(files, name) ? files[name] : undefined;
  if (type === undefined) return end(response, 404, 'Not found\n');
  return end(response, 200, readFileSync(new URL(name, folder)), type);
}

async function carry(
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
  { fetch }: PageServerOptions,
): Promise<void> {
  const pieces: Buffer[] = [];
  let sizeBytes = 0;
  // An IncomingMessage without an encoding gives Buffers.
  for await (const piece of request as AsyncIterable<Buffer>) {
    sizeBytes += piece.length;
    if (sizeBytes > maxBodyBytes) return end(response, 413, 'Too large\n');
    pieces.push(piece);
  }
  const { method = 'GET', headers: sent } = request;
  const type = sent['content-type'];
  const answered = await fetch(`https://inference.test${path}`, {
    method,
    headers: type === undefined ? {} : { 'content-type': type },
    ...(method === 'GET' ? {} : { body: Buffer.concat(pieces) }),
  });
  response.writeHead(answered.status, {
    ...carriedHeaders,
    'content-type': answered.headers.get('content-type') ?? '',
  });
  // The stream of the platform is that of node:stream/web.
  if (answered.body !== null) await pipeline(Readable.fromWeb(answered.body as ReadableStream), response);
  else response.end();
}

function end(
  response: ServerResponse,
  status: number,
  body: string | Buffer = '',
  type = 'text/plain; charset=utf-8',
): void {
  response.writeHead(status, { ...headers, 'content-type': type });
  response.end(body);
}
