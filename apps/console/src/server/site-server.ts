import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';

const folder = new URL('../../site/', import.meta.url);
const types: Readonly<Record<string, string>> = {
  'index.html': 'text/html; charset=utf-8',
  'ledger.html': 'text/html; charset=utf-8',
  'page.css': 'text/css; charset=utf-8',
  'console.css': 'text/css; charset=utf-8',
  'console.js': 'text/javascript; charset=utf-8',
  'ledger.js': 'text/javascript; charset=utf-8',
  'example.js': 'text/javascript; charset=utf-8',
  'console.js.map': 'application/json; charset=utf-8',
  'ledger.js.map': 'application/json; charset=utf-8',
  'icon.svg': 'image/svg+xml',
};
/** What the page itself says, and who may frame it, which only a header can say. */
const headers = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'Cache-Control': 'no-cache',
};

/** Serves the files of the page, and nothing else. For development: any static host serves them as well. */
export function createSiteServer(): Server {
  return createServer((request, response) => {
    const isRead = request.method === 'GET' || request.method === 'HEAD';
    const path = (request.url ?? '/').replace(/\?.*$/, '');
    const name = path === '/' ? 'index.html' : path.slice(1);
    const type = Object.hasOwn(types, name) ? types[name] : undefined;
    if (!isRead || type === undefined) {
      response.writeHead(isRead ? 404 : 405, { ...headers, 'Content-Type': 'text/plain; charset=utf-8' });
      response.end(isRead ? 'Not found\n' : 'Only GET and HEAD\n');
      return;
    }
    const content = readFileSync(new URL(name, folder));
    response.writeHead(200, { ...headers, 'Content-Type': type, 'Content-Length': content.length });
    response.end(request.method === 'HEAD' ? undefined : content);
  });
}
