import { generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import type { HttpRequest, HttpResponse } from '@enclos/http';
import { createApi, createSite, type Site } from '../src/api/index.ts';
import { createAuthenticate } from '../src/auth/index.ts';
import { optionalText, readJsonObject } from '../src/body/index.ts';
import { createRouteMetrics } from '../src/metrics/index.ts';
import { Refusal } from '../src/refusal.ts';
import {
  createRouteTable,
  errorSchema,
  faultName,
  identityRequirements,
  openapiDocument,
  serviceErrorNames,
  type Answer,
  type Operation,
  type Route,
  type RouteCall,
} from '../src/routes/index.ts';
import { openState, sealedProtection, type State } from '../src/state/index.ts';
import { storeHandlers, type Store } from '../src/store/index.ts';
import { emptyDocument, documentFormat, type TestDocument } from './document.ts';
import { sealingOf } from './replicas.ts';

/** A service of its own kind on this room: notes that everybody reads, and that a writer sets. */
const issuer = 'https://notes.example';
export const startsAt = new Date('2026-06-01T12:00:00Z');
const maximumBody = 4096;
const loginIssuer = 'https://login.example';
const audience = 'https://notes.example';
const writerKey = generateKeyPairSync('ec', { namedCurve: 'P-256' });

interface NotesSite extends Site {
  readonly notes: State<TestDocument>;
}

async function listNotes({ site }: RouteCall<NotesSite>): Promise<Answer> {
  const { epoch, document } = await site.notes.read();
  return { body: { epoch, notes: document.texts } };
}

async function setNote({ request, site, parameters }: RouteCall<NotesSite>): Promise<Answer> {
  const body = readJsonObject(request.body, { maxBytes: maximumBody, maxValues: 1, members: ['text'] });
  const text = optionalText(body, 'text', 1000);
  const { name = '' } = parameters;
  if (text === undefined) throw new Refusal('SERVICE_REQUEST_INVALID', 'The body has no text.');
  if (text === 'fault') throw new Error('secret text');
  const { epoch } = await site.notes.update((document) => ({
    ...document,
    texts: { ...document.texts, [name]: text },
  }));
  return { body: { epoch }, facts: { note: name } };
}

const routes: readonly Route<NotesSite>[] = [
  { operation: 'listNotes', method: 'GET', path: '/notes', summary: 'All notes', needs: 'nothing', answer: listNotes },
  {
    operation: 'setNote',
    method: 'PUT',
    path: '/notes/{name}',
    summary: 'Set a note',
    needs: 'writer',
    body: maximumBody,
    answer: setNote,
  },
];
export const table = createRouteTable(routes, { name: { pattern: /^[a-z]{1,16}$/ } });

/** The OpenAPI document, from the table. */
export const document = openapiDocument(
  routes.map(({ operation, method, path, summary, needs }): Operation => {
    const json = { 'application/json': { schema: { type: 'object' } } };
    return {
      operation,
      method,
      path,
      summary,
      tags: ['notes'],
      security: needs === 'nothing' ? [] : identityRequirements,
      parameters: path.includes('{name}')
        ? [{ name: 'name', in: 'path', required: true, schema: { type: 'string' } }]
        : [],
      body: method === 'PUT' ? json : undefined,
      success: json,
      errors: [serviceErrorNames.SERVICE_NOT_FOUND, faultName],
    };
  }),
  {
    info: { title: 'Notes', version: '1' },
    servers: [{ url: issuer }],
    tags: [{ name: 'notes', description: 'Notes' }],
    schemas: { Error: errorSchema },
    headers: {},
  },
);

export interface NotesService {
  readonly handler: (request: HttpRequest) => Promise<HttpResponse>;
  readonly metrics: ReturnType<typeof createRouteMetrics>;
  readonly faults: unknown[];
  readonly clock: { ms: number };
}

export interface NotesOptions {
  readonly store: Store;
  readonly audit: (line: string) => Promise<void>;
  readonly explains?: boolean;
  readonly key?: Uint8Array;
}

export async function startNotes({ store, audit, explains = false, key }: NotesOptions): Promise<NotesService> {
  const clock = { ms: 0 };
  const now = (): Date => new Date(startsAt.getTime() + clock.ms);
  const elapsed = (): number => clock.ms;
  const { storeRead, storeWrite } = storeHandlers(store);
  const notes = await openState({
    format: documentFormat,
    store: {
      storeRead: async (args) => storeRead(args, undefined),
      storeWrite: async (args) => storeWrite(args, undefined),
    },
    protection: sealedProtection(sealingOf(key), { service: documentFormat.service }),
    issuer,
    configurationDigest: 'A'.repeat(43),
    replica: 'only',
    initial: emptyDocument,
    nowMs: elapsed,
  });
  const keys = { keys: [{ ...writerKey.publicKey.export({ format: 'jwk' }), kid: 'one', use: 'sig' }] };
  const writer = createAuthenticate({
    identity: { bearer: { issuer: loginIssuer, audience: [audience], keys, requiredClaims: { roles: 'writer' } } },
    ownIssuers: new Set([issuer]),
    now,
    elapsed,
  });
  const limits = { callsPerClient: 5, openPerSecond: 100 };
  const site = { ...createSite({ explains, roles: { writer }, limits, elapsed }), notes };
  const metrics = createRouteMetrics();
  const faults: unknown[] = [];
  const handler = createApi<NotesSite, Route<NotesSite>>({
    table,
    siteOf: () => site,
    errors: serviceErrorNames,
    audit,
    metrics,
    now,
    elapsed,
    requestId: randomUUID,
    onFault: (error) => faults.push(error),
  });
  return { handler, metrics, faults, clock };
}

/** A bearer token of the login service. */
export function tokenWith(claims: Readonly<Record<string, unknown>> = {}): string {
  const seconds = Math.floor(startsAt.getTime() / 1000);
  const all = { iss: loginIssuer, aud: audience, sub: 'somebody', exp: seconds + 600, roles: 'writer', ...claims };
  const encoded = [{ alg: 'ES256', kid: 'one' }, all].map((part) =>
    Buffer.from(JSON.stringify(part)).toString('base64url'),
  );
  const input = encoded.join('.');
  const signature = sign('sha256', Buffer.from(input), { key: writerKey.privateKey, dsaEncoding: 'ieee-p1363' });
  return `${input}.${signature.toString('base64url')}`;
}

export interface Sent {
  readonly token?: string;
  readonly body?: unknown;
  readonly from?: string;
}

export function requestOf(method: string, path: string, { token, body, from = '192.0.2.1' }: Sent = {}): HttpRequest {
  return {
    method,
    path,
    query: new URLSearchParams(),
    search: '',
    headers: new Map(token === undefined ? [] : [['authorization', `Bearer ${token}`]]),
    body: new Uint8Array(Buffer.from(body === undefined ? '' : JSON.stringify(body))),
    remoteAddress: `${from} 50000`,
    clientCertificate: undefined,
    clientCertificateChain: [],
  };
}
