import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isEnclosError, type EnclosError, type ErrorCode } from '@enclos/errors';

export const now = new Date('2026-06-01T12:00:00Z');
export const dayMs = 86_400_000;

const base = mkdtempSync(join(tmpdir(), 'enclos-endorsements-'));
process.once('exit', () => rmSync(base, { recursive: true, force: true }));

export function temporaryFolder(): string {
  return mkdtempSync(join(base, 'folder-'));
}

/** The error that a promise rejects with, which must have this code. */
export async function rejection(promise: Promise<unknown>, code: ErrorCode): Promise<EnclosError> {
  const error = await promise.then(
    () => assert.fail(`not rejected with ${code}`),
    (reason: unknown) => reason,
  );
  if (!isEnclosError(error)) throw error;
  assert.equal(error.code, code, error.message);
  return error;
}

export interface Served {
  readonly url: string;
  /** Path and query of every request, in order. */
  readonly requests: readonly string[];
  close(): Promise<void>;
}

/** Serves raw HTTP on a port of its own. */
export async function serveRaw(listener: RequestListener): Promise<Served> {
  const requests: string[] = [];
  const server = createServer((incoming, outgoing) => {
    requests.push(incoming.url ?? '');
    listener(incoming, outgoing);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A server that listens on a port has an address of this form.
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

export type Handler = (request: Request) => Response | Promise<Response>;

/** Serves a web application on a port of its own. */
export function serve(handler: Handler): Promise<Served> {
  return serveRaw((incoming, outgoing) => {
    const headers = Object.entries(incoming.headers).map(([name, value]): [string, string] => [name, String(value)]);
    const request = new Request(new URL(incoming.url ?? '', `http://${incoming.headers.host}`), { headers });
    const answer = async (): Promise<void> => {
      const response = await handler(request);
      outgoing.writeHead(response.status, Object.fromEntries(response.headers));
      outgoing.end(new Uint8Array(await response.arrayBuffer()));
    };
    answer().catch((error: unknown) => outgoing.destroy(error instanceof Error ? error : undefined));
  });
}

/** A network that an application answers without a socket. */
export function inProcess(handler: Handler): (request: Request) => Promise<Response> {
  return async (request) => handler(request);
}
