import { createHash, randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface TestRegistryOptions {
  /** `bearer` has a place for tokens of its own. */
  readonly auth?: 'basic' | 'bearer';
  /** It notes subjects, and lists referrers. */
  readonly referrers?: boolean;
  /** Blobs are served from another address of this machine. */
  readonly redirects?: boolean;
  /** What it answers in place of what it should. */
  readonly answer?: (request: IncomingMessage, response: ServerResponse) => boolean;
}

export interface TestRegistry {
  /** `127.0.0.1:PORT` */
  readonly host: string;
  readonly blobs: Map<string, Buffer>;
  /** By `NAME@REFERENCE`. */
  readonly manifests: Map<string, { readonly bytes: Buffer; readonly type: string }>;
  /** `METHOD path` of all requests. */
  readonly requests: string[];
  /** Authorization headers that came for redirected blobs. */
  readonly strayCredentials: string[];
  close(): Promise<void>;
}

export const registryUser = Object.freeze({ user: 'somebody', password: 'something' });
const basic = `Basic ${Buffer.from(`${registryUser.user}:${registryUser.password}`).toString('base64')}`;
const token = randomBytes(12).toString('hex');

const digestOf = (bytes: Buffer): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

/** A registry that speaks the distribution protocol 1.1, in memory, as far as clients need it. */
export async function startRegistry(options: TestRegistryOptions = {}): Promise<TestRegistry> {
  const blobs = new Map<string, Buffer>();
  const manifests: TestRegistry['manifests'] = new Map();
  const requests: string[] = [];
  const strayCredentials: string[] = [];
  const state = { blobs, manifests, requests, strayCredentials, options, uploads: new Map<string, Buffer>() };
  const server = createServer((request, response) => {
    handle(request, response, state).catch((error: unknown) => response.writeHead(500).end(String(error)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    host,
    blobs,
    manifests,
    requests,
    strayCredentials,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

interface State extends Pick<TestRegistry, 'blobs' | 'manifests' | 'requests' | 'strayCredentials'> {
  readonly options: TestRegistryOptions;
  readonly uploads: Map<string, Buffer>;
}

async function handle(request: IncomingMessage, response: ServerResponse, state: State): Promise<void> {
  const url = new URL(request.url ?? '/', `http://${request.headers.host ?? ''}`);
  state.requests.push(`${request.method ?? ''} ${url.pathname}`);
  const body = await readAll(request);
  if (state.options.answer?.(request, response) === true) return;
  if (url.pathname === '/token') return giveToken(request, response);
  if (url.pathname.startsWith('/elsewhere/')) return giveElsewhere(request, response, state);
  if (!isAuthorized(request, state.options)) return challenge(url, response, state.options);
  if (url.pathname === '/v2/') return void response.writeHead(200).end('{}');
  const [, name = '', kind = '', rest = ''] =
    /^\/v2\/(.+?)\/(blobs|manifests|referrers|tags)\/(.*)$/.exec(url.pathname) ?? [];
  if (kind === 'blobs') return onBlob({ request, response, state, url, name, rest, body });
  if (kind === 'manifests') return onManifest({ request, response, state, url, name, rest, body });
  if (kind === 'referrers') return onReferrers({ request, response, state, url, name, rest, body });
  if (kind === 'tags') return giveTags(name, response, state);
  response.writeHead(404).end();
}

function giveTags(name: string, response: ServerResponse, { manifests }: State): void {
  const references = [...manifests.keys()]
    .filter((key) => key.startsWith(`${name}@`))
    .map((key) => key.slice(name.length + 1));
  const tags = references.filter((reference) => !reference.includes(':'));
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ name, tags }));
}

interface Call {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly state: State;
  readonly url: URL;
  readonly name: string;
  readonly rest: string;
  readonly body: Buffer;
}

async function readAll(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

function isAuthorized({ headers }: IncomingMessage, { auth }: TestRegistryOptions): boolean {
  if (auth === undefined) return true;
  return headers.authorization === (auth === 'basic' ? basic : `Bearer ${token}`);
}

function challenge(url: URL, response: ServerResponse, { auth }: TestRegistryOptions): void {
  const bearer = `Bearer realm="${url.origin}/token",service="test",scope="repository:x:pull,push"`;
  response.writeHead(401, { 'www-authenticate': auth === 'basic' ? 'Basic realm="test"' : bearer }).end();
}

function giveToken({ headers }: IncomingMessage, response: ServerResponse): void {
  if (headers.authorization !== basic) return void response.writeHead(401).end();
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ token }));
}

function giveElsewhere({ url = '', headers }: IncomingMessage, response: ServerResponse, state: State): void {
  if (headers.authorization !== undefined) state.strayCredentials.push(headers.authorization);
  response.writeHead(200).end(state.blobs.get(url.slice('/elsewhere/'.length)));
}

function onBlob({ request, response, state, url, name, rest, body }: Call): void {
  const { method } = request;
  if (method === 'POST') {
    const id = randomBytes(8).toString('hex');
    state.uploads.set(id, Buffer.alloc(0));
    return void response.writeHead(202, { location: `/v2/${name}/blobs/uploads/${id}?state=1` }).end();
  }
  if (method === 'PATCH' || method === 'PUT') {
    const id = rest.slice('uploads/'.length);
    const bytes = Buffer.concat([state.uploads.get(id) ?? Buffer.alloc(0), body]);
    state.uploads.set(id, bytes);
    if (method === 'PATCH') {
      const headers = { location: url.pathname, range: `0-${bytes.length - 1}` };
      return void response.writeHead(202, headers).end();
    }
    const digest = url.searchParams.get('digest') ?? '';
    if (digestOf(bytes) !== digest) return void response.writeHead(400).end();
    state.blobs.set(digest, bytes);
    return void response.writeHead(201, { location: `/v2/${name}/blobs/${digest}` }).end();
  }
  const bytes = state.blobs.get(rest);
  if (bytes === undefined) return void response.writeHead(404).end();
  if (method === 'GET' && state.options.redirects === true) {
    const location = `http://localhost:${url.port}/elsewhere/${rest}`;
    return void response.writeHead(307, { location }).end();
  }
  response.writeHead(200, { 'content-length': bytes.length, 'docker-content-digest': rest });
  response.end(method === 'HEAD' ? undefined : bytes);
}

function onManifest({ request, response, state, name, rest, body }: Call): void {
  if (request.method === 'PUT') {
    const type = request.headers['content-type'] ?? '';
    const digest = digestOf(body);
    state.manifests.set(`${name}@${rest}`, { bytes: body, type });
    state.manifests.set(`${name}@${digest}`, { bytes: body, type });
    const { subject } = JSON.parse(body.toString()) as { subject?: { digest: string } };
    const noted = subject !== undefined && state.options.referrers === true;
    response.writeHead(201, { 'docker-content-digest': digest, ...(noted ? { 'oci-subject': subject.digest } : {}) });
    return void response.end();
  }
  const found = state.manifests.get(`${name}@${rest}`);
  if (found === undefined) return void response.writeHead(404).end();
  const { bytes, type } = found;
  const headers = { 'content-type': type, 'content-length': bytes.length, 'docker-content-digest': digestOf(bytes) };
  response.writeHead(200, headers).end(request.method === 'HEAD' ? undefined : bytes);
}

function onReferrers({ response, state, name, rest }: Call): void {
  if (state.options.referrers !== true) return void response.writeHead(404).end();
  const found = [...state.manifests.entries()].filter(([key, { bytes }]) => {
    const { subject } = JSON.parse(bytes.toString()) as { subject?: { digest: string } };
    return key.startsWith(`${name}@sha256:`) && subject?.digest === rest;
  });
  const list = found.map(([, { bytes, type }]) => ({ mediaType: type, digest: digestOf(bytes), size: bytes.length }));
  const index = { schemaVersion: 2, mediaType: 'application/vnd.oci.image.index.v1+json', manifests: list };
  response.writeHead(200, { 'content-type': index.mediaType }).end(JSON.stringify(index));
}
